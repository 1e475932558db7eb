// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arithmetic of regions and spans
 *
 * A managed region is the application's: byte exact, in the order in which it
 * was given, overlapping others if the application likes.  What counts for an
 * operation is the union of the flags of all that it meets.
 *
 * A span is the kernel's own note that data was punched out there.  Spans are
 * sorted, do not touch, and are few: when there is no room for one more, the
 * two that are nearest to each other become one.  That is allowed, because a
 * span only says "look at the extent map here": a byte is offline if it lies in
 * a span and no written extent backs it.  A hole of the user's own that ends up
 * in a span is offered to the application, which brings it back as zeros.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "xfs_dm_range.h"

/**
 * xfs_dm_regions_match() - does an operation meet a region?
 * @r: the regions
 * @n: their number
 * @start: first byte of the operation
 * @end: the byte after its last
 * @flags: which regions count
 */
bool
xfs_dm_regions_match(const struct xfs_dm_region *r, unsigned int n, u64 start,
		     u64 end, u32 flags)
{
	for (; n; n--, r++) {
		if ((r->flags & flags) && r->start < end && r->end > start)
			return true;
	}
	return false;
}

/**
 * xfs_dm_regions_union() - all flags that some region has
 * @r: the regions
 * @n: their number
 */
u32
xfs_dm_regions_union(const struct xfs_dm_region *r, unsigned int n)
{
	u32				flags = 0;

	for (; n; n--, r++)
		flags |= r->flags;
	return flags;
}

/* Append a piece, or let the previous one grow if nothing tells them apart. */
static int
xfs_dm_regions_emit(struct xfs_dm_region *out, unsigned int n, unsigned int max,
		    u64 start, u64 end, u32 flags, bool grow)
{
	if (grow && n && out[n - 1].end == start && out[n - 1].flags == flags) {
		out[n - 1].end = end;
		return n;
	}
	if (n == max)
		return -E2BIG;
	out[n].start = start;
	out[n].end = end;
	out[n].flags = flags;
	return n + 1;
}

/**
 * xfs_dm_regions_disarm() - take READ away from a range
 * @in: the regions as they are
 * @nin: their number
 * @start: first byte of the range
 * @end: the byte after its last, or XFS_DM_INFINITY
 * @out: the regions as they become
 * @max: room in @out
 *
 * A region that reaches over the range's edge is split there; what is left
 * without a flag disappears.  Pieces that come to lie side by side with the
 * same flags are joined, so that a file recalled from front to back does not
 * collect pieces.
 *
 * Return: the number of regions in @out, or -E2BIG if there is no room.
 */
int
xfs_dm_regions_disarm(const struct xfs_dm_region *in, unsigned int nin,
		      u64 start, u64 end, struct xfs_dm_region *out,
		      unsigned int max)
{
	int				n = 0;

	for (; nin; nin--, in++) {
		u64			a = max(in->start, start);
		u64			b = min(in->end, end);
		u32			left = in->flags & ~DMAPI_REGION_READ;

		if (!(in->flags & DMAPI_REGION_READ) || a >= b) {
			n = xfs_dm_regions_emit(out, n, max, in->start, in->end,
						in->flags, in->flags != 0);
			if (n < 0)
				return n;
			continue;
		}
		if (in->start < a) {
			n = xfs_dm_regions_emit(out, n, max, in->start, a,
						in->flags, true);
			if (n < 0)
				return n;
		}
		if (left) {
			n = xfs_dm_regions_emit(out, n, max, a, b, left, true);
			if (n < 0)
				return n;
		}
		if (b < in->end) {
			n = xfs_dm_regions_emit(out, n, max, b, in->end,
						in->flags, true);
			if (n < 0)
				return n;
		}
	}
	return n;
}

/**
 * xfs_dm_regions_collapse() - a range of the file goes, what follows moves up
 * @r: the regions
 * @n: their number
 * @start: first byte of the range
 * @end: the byte after its last
 *
 * Return: the number of regions, without those that were all in the range.
 */
unsigned int
xfs_dm_regions_collapse(struct xfs_dm_region *r, unsigned int n, u64 start,
			u64 end)
{
	unsigned int			i, left = 0;

	for (i = 0; i < n; i++) {
		struct xfs_dm_region	m = r[i];

		if (m.start > start)
			m.start = m.start < end ? start : m.start - (end - start);
		if (m.end != XFS_DM_INFINITY && m.end > start)
			m.end = m.end < end ? start : m.end - (end - start);
		if (m.start < m.end)
			r[left++] = m;
	}
	return left;
}

/**
 * xfs_dm_regions_insert() - a range of zeros comes, what follows moves down
 * @r: the regions
 * @n: their number
 * @start: first byte of the range
 * @end: the byte after its last
 *
 * A region on both sides of @start holds the zeros, too.
 *
 * Return: the number of regions, without those that nothing is left of.
 */
unsigned int
xfs_dm_regions_insert(struct xfs_dm_region *r, unsigned int n, u64 start,
		      u64 end)
{
	const u64			len = end - start;
	unsigned int			i, left = 0;

	for (i = 0; i < n; i++) {
		struct xfs_dm_region	m = r[i];

		if (m.start >= start)
			m.start += min(len, S64_MAX - m.start);
		if (m.end != XFS_DM_INFINITY && m.end > start)
			m.end += min(len, S64_MAX - m.end);
		if (m.start < m.end)
			r[left++] = m;
	}
	return left;
}

/**
 * xfs_dm_spans_find() - the span that holds a byte, or the next one
 * @s: the spans
 * @n: their number
 * @pos: the byte
 *
 * Return: the first span that ends after @pos, or NULL.
 */
const struct xfs_dm_span *
xfs_dm_spans_find(const struct xfs_dm_span *s, unsigned int n, u64 pos)
{
	unsigned int			lo = 0, hi = n;

	while (lo < hi) {
		unsigned int		mid = lo + (hi - lo) / 2;

		if (s[mid].end > pos)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < n ? &s[lo] : NULL;
}

/**
 * xfs_dm_spans_overlap() - does a range meet a span?
 * @s: the spans
 * @n: their number
 * @start: first byte
 * @end: the byte after the last
 */
bool
xfs_dm_spans_overlap(const struct xfs_dm_span *s, unsigned int n, u64 start,
		     u64 end)
{
	s = xfs_dm_spans_find(s, n, start);
	return s && s->start < end;
}

/* Make one span of @i and its successor. */
static unsigned int
xfs_dm_spans_join(struct xfs_dm_span *s, unsigned int n, unsigned int i)
{
	s[i].end = s[i + 1].end;
	memmove(&s[i + 1], &s[i + 2], (n - i - 2) * sizeof(*s));
	return n - 1;
}

/*
 * There is one span too many: join the two that are nearest to each other.
 * The gap that begins at @spare stays open if there is any other: it was made
 * this moment, because its bytes were declared to be data.
 */
static unsigned int
xfs_dm_spans_reduce(struct xfs_dm_span *s, unsigned int n, u64 spare)
{
	unsigned int		i, best = 0;
	u64			least = U64_MAX;

	if (n <= XFS_DM_MAX_SPANS)
		return n;
	for (i = 0; i + 1 < n; i++) {
		u64		gap = s[i + 1].start - s[i].end;

		if (s[i].end != spare && gap < least) {
			least = gap;
			best = i;
		}
	}
	return xfs_dm_spans_join(s, n, best);
}

/**
 * xfs_dm_spans_add() - note one more range
 * @s: the spans, with room for XFS_DM_MAX_SPANS + 1
 * @n: their number
 * @start: first byte
 * @end: the byte after the last
 *
 * Return: the new number, at most XFS_DM_MAX_SPANS.
 */
unsigned int
xfs_dm_spans_add(struct xfs_dm_span *s, unsigned int n, u64 start, u64 end)
{
	unsigned int		i, last;

	if (start >= end)
		return n;
	for (i = 0; i < n && s[i].end < start; i++)
		;
	for (last = i; last < n && s[last].start <= end; last++) {
		start = min(start, s[last].start);
		end = max(end, s[last].end);
	}
	/* @i up to before @last are swallowed */
	memmove(&s[i + 1], &s[last], (n - last) * sizeof(*s));
	s[i].start = start;
	s[i].end = end;
	n = n - (last - i) + 1;
	return xfs_dm_spans_reduce(s, n, U64_MAX);
}

/**
 * xfs_dm_spans_remove() - a range holds data again
 * @s: the spans, with room for XFS_DM_MAX_SPANS + 1
 * @n: their number
 * @start: first byte
 * @end: the byte after the last
 *
 * Return: the new number, at most XFS_DM_MAX_SPANS.
 */
unsigned int
xfs_dm_spans_remove(struct xfs_dm_span *s, unsigned int n, u64 start, u64 end)
{
	unsigned int		i = 0;

	if (start >= end)
		return n;
	while (i < n) {
		if (s[i].end <= start || s[i].start >= end) {
			i++;
		} else if (s[i].start < start && s[i].end > end) {
			/* it falls in two, and no other is touched */
			memmove(&s[i + 1], &s[i], (n - i) * sizeof(*s));
			s[i].end = start;
			s[i + 1].start = end;
			return xfs_dm_spans_reduce(s, n + 1, start);
		} else if (s[i].start < start) {
			s[i++].end = start;
		} else if (s[i].end > end) {
			s[i++].start = end;
		} else {
			memmove(&s[i], &s[i + 1], (n - i - 1) * sizeof(*s));
			n--;
		}
	}
	return n;
}

/**
 * xfs_dm_spans_clip() - forget what lies beyond the end of the file
 * @s: the spans
 * @n: their number
 * @eof: the first byte that is not wanted
 *
 * Return: the new number.
 */
unsigned int
xfs_dm_spans_clip(struct xfs_dm_span *s, unsigned int n, u64 eof)
{
	while (n && s[n - 1].start >= eof)
		n--;
	if (n && s[n - 1].end > eof)
		s[n - 1].end = eof;
	return n;
}

/**
 * xfs_dm_spans_valid() - can this be a list of spans?
 * @s: what claims to be one
 * @n: its length
 */
bool
xfs_dm_spans_valid(const struct xfs_dm_span *s, unsigned int n)
{
	unsigned int			i;

	if (n > XFS_DM_MAX_SPANS)
		return false;
	for (i = 0; i < n; i++) {
		if (s[i].start >= s[i].end || s[i].end > S64_MAX)
			return false;
		if (i && s[i].start <= s[i - 1].end)
			return false;
	}
	return true;
}

/**
 * xfs_dm_spans_cover() - does one list protect everything another one does?
 * @a: the list that should
 * @na: its length
 * @b: the other one
 * @nb: its length
 */
bool
xfs_dm_spans_cover(const struct xfs_dm_span *a, unsigned int na,
		   const struct xfs_dm_span *b, unsigned int nb)
{
	for (; nb; nb--, b++) {
		const struct xfs_dm_span *s = xfs_dm_spans_find(a, na, b->start);

		if (!s || s->start > b->start || s->end < b->end)
			return false;
	}
	return true;
}
