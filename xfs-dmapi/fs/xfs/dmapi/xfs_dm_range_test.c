// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the arithmetic of regions and spans
 *
 * Two kinds.  The first are examples, one a case, with the answer written out.
 * The second is a model: a file of a few hundred units, one bit each, on which
 * the same operation is done in the most stupid way.  Many random operations
 * are made on both, and after each one the lists must say the same as the bits.
 * The seeds are fixed, so that what fails once fails again.
 *
 * The model knows the limit, too: where there would be one span too many, it
 * fills the narrowest gap between two runs of bits, but not the gap that was
 * made this moment.  Units are scaled to bytes, once to one and once to very
 * many, so that nothing depends on 32 bits.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "xfs_dm_range.h"

#define R			DMAPI_REGION_READ
#define W			DMAPI_REGION_WRITE
#define T			DMAPI_REGION_TRUNCATE
#define INF			XFS_DM_INFINITY
#define MAXS			XFS_DM_MAX_SPANS

/* Units of the model; enough of them to have twice as many runs as spans. */
#define UNITS			1024

/* --- Examples: spans --------------------------------------------------- */

#define SPANS(...)		((const struct xfs_dm_span[]){ __VA_ARGS__ })
#define NSPANS(...)		(sizeof(SPANS(__VA_ARGS__)) / \
				 sizeof(struct xfs_dm_span))
#define expect_spans(test, s, n, ...) \
	__expect_spans(test, __LINE__, s, n, SPANS(__VA_ARGS__), \
		       NSPANS(__VA_ARGS__))

static void
__expect_spans(struct kunit *test, int line, const struct xfs_dm_span *s,
	       unsigned int n, const struct xfs_dm_span *want,
	       unsigned int nwant)
{
	unsigned int		i;

	KUNIT_EXPECT_TRUE_MSG(test, xfs_dm_spans_valid(s, n), "line %d", line);
	KUNIT_ASSERT_EQ_MSG(test, n, nwant, "line %d", line);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ_MSG(test, s[i].start, want[i].start,
				    "line %d, span %u", line, i);
		KUNIT_EXPECT_EQ_MSG(test, s[i].end, want[i].end,
				    "line %d, span %u", line, i);
	}
}

/* Room for a list and for one more. */
static struct xfs_dm_span *
spans_alloc(struct kunit *test)
{
	struct xfs_dm_span	*s;

	s = kunit_kcalloc(test, MAXS + 1, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

/* The list [100, 200) [300, 400) [500, 600). */
static unsigned int
spans_three(struct xfs_dm_span *s)
{
	s[0] = (struct xfs_dm_span){ 100, 200 };
	s[1] = (struct xfs_dm_span){ 300, 400 };
	s[2] = (struct xfs_dm_span){ 500, 600 };
	return 3;
}

/* A full list: spans of ten bytes, a hundred bytes from start to start. */
static unsigned int
spans_full(struct xfs_dm_span *s)
{
	unsigned int		i;

	for (i = 0; i < MAXS; i++) {
		s[i].start = i * 100;
		s[i].end = i * 100 + 10;
	}
	return MAXS;
}

static void
spans_add_apart(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = 0;

	n = xfs_dm_spans_add(s, n, 300, 400);
	expect_spans(test, s, n, { 300, 400 });
	n = xfs_dm_spans_add(s, n, 100, 200);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 });
	n = xfs_dm_spans_add(s, n, 500, 600);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_add(s, n, 201, 299);
	expect_spans(test, s, n, { 100, 200 }, { 201, 299 }, { 300, 400 },
		     { 500, 600 });
	n = xfs_dm_spans_add(s, n, 0, 1);
	expect_spans(test, s, n, { 0, 1 }, { 100, 200 }, { 201, 299 },
		     { 300, 400 }, { 500, 600 });
}

static void
spans_add_nothing(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_three(s);

	n = xfs_dm_spans_add(s, n, 250, 250);
	n = xfs_dm_spans_add(s, n, 260, 250);
	n = xfs_dm_spans_add(s, n, 100, 200);
	n = xfs_dm_spans_add(s, n, 120, 180);
	n = xfs_dm_spans_add(s, n, 100, 101);
	n = xfs_dm_spans_add(s, n, 599, 600);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 }, { 500, 600 });
}

static void
spans_add_touching(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_three(s);

	n = xfs_dm_spans_add(s, n, 200, 250);
	expect_spans(test, s, n, { 100, 250 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_add(s, n, 450, 500);
	expect_spans(test, s, n, { 100, 250 }, { 300, 400 }, { 450, 600 });
	n = xfs_dm_spans_add(s, n, 250, 300);
	expect_spans(test, s, n, { 100, 400 }, { 450, 600 });
	n = xfs_dm_spans_add(s, n, 0, 100);
	expect_spans(test, s, n, { 0, 400 }, { 450, 600 });
}

static void
spans_add_overlapping(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n;

	n = xfs_dm_spans_add(s, spans_three(s), 150, 250);
	expect_spans(test, s, n, { 100, 250 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_add(s, spans_three(s), 250, 350);
	expect_spans(test, s, n, { 100, 200 }, { 250, 400 }, { 500, 600 });
	n = xfs_dm_spans_add(s, spans_three(s), 150, 350);
	expect_spans(test, s, n, { 100, 400 }, { 500, 600 });
	n = xfs_dm_spans_add(s, spans_three(s), 250, 450);
	expect_spans(test, s, n, { 100, 200 }, { 250, 450 }, { 500, 600 });
	n = xfs_dm_spans_add(s, spans_three(s), 199, 501);
	expect_spans(test, s, n, { 100, 600 });
	n = xfs_dm_spans_add(s, spans_three(s), 0, S64_MAX);
	expect_spans(test, s, n, { 0, S64_MAX });
}

/* One too many: the two nearest neighbours become one. */
static void
spans_add_full_joins_nearest(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n;

	/* The new one is 5 bytes behind the third, 80 before the fourth. */
	n = xfs_dm_spans_add(s, spans_full(s), 215, 220);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[2].start, 200);
	KUNIT_EXPECT_EQ(test, s[2].end, 220);
	KUNIT_EXPECT_EQ(test, s[3].start, 300);

	/* Two others are nearer than the new one is to anybody. */
	n = spans_full(s);
	s[7].end = 790;
	n = xfs_dm_spans_add(s, n, MAXS * 100, MAXS * 100 + 1);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[7].start, 700);
	KUNIT_EXPECT_EQ(test, s[7].end, 810);
	KUNIT_EXPECT_EQ(test, s[8].start, 900);
	KUNIT_EXPECT_EQ(test, s[MAXS - 1].start, MAXS * 100);

	/* The narrowest gap is the last one. */
	n = xfs_dm_spans_add(s, spans_full(s), MAXS * 100 - 85,
			     MAXS * 100 - 80);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[0].end, 10);
	KUNIT_EXPECT_EQ(test, s[MAXS - 1].start, MAXS * 100 - 100);
	KUNIT_EXPECT_EQ(test, s[MAXS - 1].end, MAXS * 100 - 80);

	/* All gaps are alike: the first. */
	n = xfs_dm_spans_add(s, spans_full(s), MAXS * 100, MAXS * 100 + 10);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[0].end, 110);
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_valid(s, n));
}

/* A full list that does not become longer loses no gap. */
static void
spans_add_full_has_room(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_full(s);

	n = xfs_dm_spans_add(s, n, 210, 215);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[2].end, 215);
	KUNIT_EXPECT_EQ(test, s[0].end, 10);

	n = xfs_dm_spans_add(s, n, 310, 400);
	KUNIT_EXPECT_EQ(test, n, MAXS - 1);
	KUNIT_EXPECT_EQ(test, s[3].end, 410);

	n = xfs_dm_spans_add(s, n, 50, 51);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[0].end, 10);
	KUNIT_EXPECT_EQ(test, s[1].start, 50);
	KUNIT_EXPECT_EQ(test, s[1].end, 51);
}

static void
spans_remove_nothing(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_three(s);

	KUNIT_EXPECT_EQ(test, xfs_dm_spans_remove(s, 0, 0, INF), 0);
	n = xfs_dm_spans_remove(s, n, 150, 150);
	n = xfs_dm_spans_remove(s, n, 160, 150);
	n = xfs_dm_spans_remove(s, n, 0, 100);
	n = xfs_dm_spans_remove(s, n, 200, 300);
	n = xfs_dm_spans_remove(s, n, 600, INF);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 }, { 500, 600 });
}

static void
spans_remove_parts(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_three(s);

	n = xfs_dm_spans_remove(s, n, 100, 110);
	expect_spans(test, s, n, { 110, 200 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_remove(s, n, 190, 200);
	expect_spans(test, s, n, { 110, 190 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_remove(s, n, 340, 360);
	expect_spans(test, s, n, { 110, 190 }, { 300, 340 }, { 360, 400 },
		     { 500, 600 });
	n = xfs_dm_spans_remove(s, n, 300, 340);
	expect_spans(test, s, n, { 110, 190 }, { 360, 400 }, { 500, 600 });
	n = xfs_dm_spans_remove(s, n, 180, 510);
	expect_spans(test, s, n, { 110, 180 }, { 510, 600 });
	n = xfs_dm_spans_remove(s, n, 179, 511);
	expect_spans(test, s, n, { 110, 179 }, { 511, 600 });
}

static void
spans_remove_infinity(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n;

	KUNIT_EXPECT_EQ(test, xfs_dm_spans_remove(s, spans_three(s), 0, INF),
			0);
	n = xfs_dm_spans_remove(s, spans_three(s), 350, INF);
	expect_spans(test, s, n, { 100, 200 }, { 300, 350 });
	n = xfs_dm_spans_remove(s, spans_three(s), 200, INF);
	expect_spans(test, s, n, { 100, 200 });

	s[0] = (struct xfs_dm_span){ 0, S64_MAX };
	n = xfs_dm_spans_remove(s, 1, S64_MAX - 1, INF);
	expect_spans(test, s, n, { 0, S64_MAX - 1 });
	n = xfs_dm_spans_remove(s, n, 1, 2);
	expect_spans(test, s, n, { 0, 1 }, { 2, S64_MAX - 1 });
}

/*
 * A full list in which a span falls in two.  The hole is the narrowest gap of
 * all, and stays: somebody just said that there is data.  Another gap closes.
 */
static void
spans_remove_full_keeps_hole(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n;

	n = xfs_dm_spans_remove(s, spans_full(s), 505, 506);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_valid(s, n));
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_overlap(s, n, 505, 506));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_overlap(s, n, 504, 505));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_overlap(s, n, 506, 507));
	/* the first of those that are alike */
	KUNIT_EXPECT_EQ(test, s[0].start, 0);
	KUNIT_EXPECT_EQ(test, s[0].end, 110);

	/* The hole is in the first span, and so is the first gap. */
	n = xfs_dm_spans_remove(s, spans_full(s), 5, 6);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[0].end, 5);
	KUNIT_EXPECT_EQ(test, s[1].start, 6);
	KUNIT_EXPECT_EQ(test, s[1].end, 110);

	/* In the last one. */
	n = xfs_dm_spans_remove(s, spans_full(s), (MAXS - 1) * 100 + 8,
				(MAXS - 1) * 100 + 9);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[MAXS - 1].start, (MAXS - 1) * 100 + 9);
	KUNIT_EXPECT_EQ(test, s[MAXS - 2].end, (MAXS - 1) * 100 + 8);
	KUNIT_EXPECT_EQ(test, s[0].end, 110);

	/* Trimming makes nothing longer. */
	n = xfs_dm_spans_remove(s, spans_full(s), 505, 605);
	KUNIT_EXPECT_EQ(test, n, MAXS);
	KUNIT_EXPECT_EQ(test, s[0].end, 10);
	KUNIT_EXPECT_EQ(test, s[5].end, 505);
	KUNIT_EXPECT_EQ(test, s[6].start, 605);
}

static void
spans_clip(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n;

	KUNIT_EXPECT_EQ(test, xfs_dm_spans_clip(s, 0, 0), 0);
	n = xfs_dm_spans_clip(s, spans_three(s), INF);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_clip(s, n, 600);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 }, { 500, 600 });
	n = xfs_dm_spans_clip(s, n, 501);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 }, { 500, 501 });
	n = xfs_dm_spans_clip(s, n, 500);
	expect_spans(test, s, n, { 100, 200 }, { 300, 400 });
	n = xfs_dm_spans_clip(s, n, 150);
	expect_spans(test, s, n, { 100, 150 });
	KUNIT_EXPECT_EQ(test, xfs_dm_spans_clip(s, n, 100), 0);
	KUNIT_EXPECT_EQ(test, xfs_dm_spans_clip(s, spans_three(s), 0), 0);
}

static void
spans_find(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_three(s);

	KUNIT_EXPECT_NULL(test, xfs_dm_spans_find(s, 0, 0));
	KUNIT_EXPECT_PTR_EQ(test, xfs_dm_spans_find(s, n, 0), &s[0]);
	KUNIT_EXPECT_PTR_EQ(test, xfs_dm_spans_find(s, n, 100), &s[0]);
	KUNIT_EXPECT_PTR_EQ(test, xfs_dm_spans_find(s, n, 199), &s[0]);
	KUNIT_EXPECT_PTR_EQ(test, xfs_dm_spans_find(s, n, 200), &s[1]);
	KUNIT_EXPECT_PTR_EQ(test, xfs_dm_spans_find(s, n, 399), &s[1]);
	KUNIT_EXPECT_PTR_EQ(test, xfs_dm_spans_find(s, n, 599), &s[2]);
	KUNIT_EXPECT_NULL(test, xfs_dm_spans_find(s, n, 600));
	KUNIT_EXPECT_NULL(test, xfs_dm_spans_find(s, n, INF));
}

static void
spans_overlap(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n = spans_three(s);

	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_overlap(s, 0, 0, INF));
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_overlap(s, n, 0, 100));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_overlap(s, n, 0, 101));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_overlap(s, n, 199, 200));
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_overlap(s, n, 200, 300));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_overlap(s, n, 200, 301));
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_overlap(s, n, 600, INF));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_overlap(s, n, 599, INF));
}

static void
spans_valid(struct kunit *test)
{
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned int		n;

	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_valid(s, 0));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_valid(s, spans_three(s)));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_valid(s, spans_full(s)));

	/* too many */
	n = spans_full(s);
	s[n] = (struct xfs_dm_span){ MAXS * 100, MAXS * 100 + 1 };
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n + 1));
	/* empty, and the wrong way round */
	n = spans_three(s);
	s[1].end = s[1].start;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
	s[1].end = s[1].start - 1;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
	/* touching, overlapping, not in order */
	n = spans_three(s);
	s[1].start = s[0].end;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
	s[1].start = s[0].end - 1;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
	n = spans_three(s);
	swap(s[0], s[2]);
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
	/* beyond what a file can have */
	n = spans_three(s);
	s[2].end = S64_MAX;
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_valid(s, n));
	s[2].end = (u64)S64_MAX + 1;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
	s[2].end = INF;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_valid(s, n));
}

static void
spans_cover(struct kunit *test)
{
	struct xfs_dm_span	*a = spans_alloc(test);
	struct xfs_dm_span	*b = spans_alloc(test);
	unsigned int		na = spans_three(a), nb = spans_three(b);

	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_cover(a, 0, b, 0));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_cover(a, na, b, 0));
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_cover(a, 0, b, nb));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_cover(a, na, b, nb));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_cover(a, na, b, 2));
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_cover(a, 2, b, nb));

	b[1].end = 401;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_cover(a, na, b, nb));
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_cover(b, nb, a, na));
	b[1].end = 400;
	b[1].start = 299;
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_cover(a, na, b, nb));

	/* One that reaches over a gap is covered by neither side. */
	b[0] = (struct xfs_dm_span){ 150, 350 };
	KUNIT_EXPECT_FALSE(test, xfs_dm_spans_cover(a, na, b, 1));
	/* Several in one. */
	a[0] = (struct xfs_dm_span){ 0, 1000 };
	nb = spans_three(b);
	KUNIT_EXPECT_TRUE(test, xfs_dm_spans_cover(a, 1, b, nb));
}

/* --- Examples: regions ------------------------------------------------- */

#define REGIONS(...)		((const struct xfs_dm_region[]){ __VA_ARGS__ })
#define NREGIONS(...)		(sizeof(REGIONS(__VA_ARGS__)) / \
				 sizeof(struct xfs_dm_region))
#define expect_regions(test, r, n, ...) \
	__expect_regions(test, __LINE__, r, n, REGIONS(__VA_ARGS__), \
			 NREGIONS(__VA_ARGS__))

/* Disarm [start, end) of a few regions. */
#define ROOM			8
#define disarm(out, start, end, ...) \
	xfs_dm_regions_disarm(REGIONS(__VA_ARGS__), NREGIONS(__VA_ARGS__), \
			      start, end, out, ROOM)

static void
__expect_regions(struct kunit *test, int line, const struct xfs_dm_region *r,
		 int n, const struct xfs_dm_region *want, int nwant)
{
	int			i;

	KUNIT_ASSERT_EQ_MSG(test, n, nwant, "line %d", line);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ_MSG(test, r[i].start, want[i].start,
				    "line %d, region %d", line, i);
		KUNIT_EXPECT_EQ_MSG(test, r[i].end, want[i].end,
				    "line %d, region %d", line, i);
		KUNIT_EXPECT_EQ_MSG(test, r[i].flags, want[i].flags,
				    "line %d, region %d", line, i);
	}
}

static void
regions_match(struct kunit *test)
{
	static const struct xfs_dm_region r[] = {
		{ 100, 200, R },
		{ 150, 300, W },
		{ 1000, INF, R | T },
	};

	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 0, 0, INF, 7));
	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 3, 0, 100, 7));
	KUNIT_EXPECT_TRUE(test, xfs_dm_regions_match(r, 3, 0, 101, 7));
	KUNIT_EXPECT_TRUE(test, xfs_dm_regions_match(r, 3, 199, 200, R));
	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 3, 200, 201, R));
	KUNIT_EXPECT_TRUE(test, xfs_dm_regions_match(r, 3, 200, 201, R | W));
	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 3, 100, 150, W));
	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 3, 300, 1000, 7));
	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 3, 0, 1000, T));
	KUNIT_EXPECT_TRUE(test, xfs_dm_regions_match(r, 3, 0, 1001, T));
	KUNIT_EXPECT_TRUE(test, xfs_dm_regions_match(r, 3, S64_MAX - 1,
						     S64_MAX, R));
	KUNIT_EXPECT_TRUE(test, xfs_dm_regions_match(r, 3, S64_MAX, INF, R));
	KUNIT_EXPECT_FALSE(test, xfs_dm_regions_match(r, 3, 0, INF, 0));
}

static void
regions_union(struct kunit *test)
{
	static const struct xfs_dm_region r[] = {
		{ 0, 1, 0 }, { 5, 6, R }, { 5, 6, T }, { 9, INF, R | W },
	};

	KUNIT_EXPECT_EQ(test, xfs_dm_regions_union(r, 0), 0);
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_union(r, 1), 0);
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_union(r, 2), R);
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_union(r, 3), R | T);
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_union(r, 4), R | W | T);
}

static void
regions_disarm_one(struct kunit *test)
{
	struct xfs_dm_region	out[ROOM];
	int			n;

	/* outside, and at the edges */
	n = disarm(out, 0, 100, { 100, 200, R });
	expect_regions(test, out, n, { 100, 200, R });
	n = disarm(out, 200, INF, { 100, 200, R });
	expect_regions(test, out, n, { 100, 200, R });
	n = disarm(out, 150, 150, { 100, 200, R });
	expect_regions(test, out, n, { 100, 200, R });
	/* head, tail, middle */
	n = disarm(out, 0, 101, { 100, 200, R });
	expect_regions(test, out, n, { 101, 200, R });
	n = disarm(out, 199, 300, { 100, 200, R });
	expect_regions(test, out, n, { 100, 199, R });
	n = disarm(out, 120, 130, { 100, 200, R });
	expect_regions(test, out, n, { 100, 120, R }, { 130, 200, R });
	/* all of it */
	KUNIT_EXPECT_EQ(test, disarm(out, 100, 200, { 100, 200, R }), 0);
	KUNIT_EXPECT_EQ(test, disarm(out, 0, INF, { 100, 200, R }), 0);
	/* no region at all */
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_disarm(NULL, 0, 0, INF, out,
						    ROOM),
			0);
}

static void
regions_disarm_other_flags(struct kunit *test)
{
	struct xfs_dm_region	out[ROOM];
	int			n;

	n = disarm(out, 0, INF, { 100, 200, W | T });
	expect_regions(test, out, n, { 100, 200, W | T });
	n = disarm(out, 0, INF, { 100, 200, R | W | T });
	expect_regions(test, out, n, { 100, 200, W | T });
	n = disarm(out, 120, 130, { 100, 200, R | W });
	expect_regions(test, out, n, { 100, 120, R | W }, { 120, 130, W },
		       { 130, 200, R | W });
	/* One without a flag was the application's wish. */
	n = disarm(out, 0, INF, { 100, 200, 0 });
	expect_regions(test, out, n, { 100, 200, 0 });
}

static void
regions_disarm_infinity(struct kunit *test)
{
	struct xfs_dm_region	out[ROOM];
	int			n;

	n = disarm(out, 100, 200, { 0, INF, R });
	expect_regions(test, out, n, { 0, 100, R }, { 200, INF, R });
	n = disarm(out, 100, INF, { 0, INF, R });
	expect_regions(test, out, n, { 0, 100, R });
	n = disarm(out, 0, S64_MAX, { 0, INF, R });
	expect_regions(test, out, n, { S64_MAX, INF, R });
	KUNIT_EXPECT_EQ(test, disarm(out, 0, INF, { 0, INF, R }), 0);
	n = disarm(out, 0, INF, { 0, INF, R | T });
	expect_regions(test, out, n, { 0, INF, T });
}

static void
regions_disarm_many(struct kunit *test)
{
	struct xfs_dm_region	out[ROOM];
	int			n;

	/* Overlapping ones, each for itself, in their order. */
	n = disarm(out, 50, 150, { 100, 200, R }, { 0, 120, R | W },
		   { 140, 160, T });
	expect_regions(test, out, n, { 150, 200, R }, { 0, 50, R | W },
		       { 50, 120, W }, { 140, 160, T });
	/* Neighbours that nothing tells apart any more become one. */
	n = disarm(out, 100, 200, { 0, 100, W }, { 100, 200, R | W },
		   { 200, 300, W });
	expect_regions(test, out, n, { 0, 300, W });
	/* Those without a flag stay as they are. */
	n = disarm(out, 0, INF, { 0, 100, 0 }, { 100, 200, 0 });
	expect_regions(test, out, n, { 0, 100, 0 }, { 100, 200, 0 });
}

/* Recalled from front to back, a file collects no pieces. */
static void
regions_disarm_in_pieces(struct kunit *test)
{
	struct xfs_dm_region	a[2] = { { 0, 1000, R | W } }, b[4];
	int			n = 1;
	u64			pos;

	for (pos = 0; pos < 1000; pos += 10) {
		n = xfs_dm_regions_disarm(a, n, pos, pos + 10, b,
					  ARRAY_SIZE(b));
		KUNIT_ASSERT_GT(test, n, 0);
		KUNIT_ASSERT_LE(test, n, 2);
		memcpy(a, b, n * sizeof(a[0]));
		KUNIT_EXPECT_EQ(test, a[0].end, pos + 10);
	}
	expect_regions(test, a, n, { 0, 1000, W });
}

/* No room: neither a byte too far nor a success. */
static void
regions_disarm_limit(struct kunit *test)
{
	static const struct xfs_dm_region in = { 0, 300, R | W };
	struct xfs_dm_region	out[4];
	int			max;

	for (max = 0; max < 3; max++) {
		memset(out, 0xa5, sizeof(out));
		KUNIT_EXPECT_EQ(test, xfs_dm_regions_disarm(&in, 1, 100, 200,
							    out, max),
				-E2BIG);
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(&out[max], 0xa5,
					     sizeof(out) - max * sizeof(*out)));
	}
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_disarm(&in, 1, 100, 200, out, 3),
			3);
}

/* --- The model --------------------------------------------------------- */

/**
 * struct range_param - one run of random operations
 * @seed: of the random numbers
 * @unit: bytes of a unit of the model
 * @longest: units that an operation has at most
 * @rounds: how many operations
 * @full: the list is expected to have been full in between
 */
struct range_param {
	u64			seed;
	u64			unit;
	unsigned int		longest;
	unsigned int		rounds;
	bool			full;
};

static const struct range_param range_params[] = {
	{ .seed = 1, .unit = 1, .longest = 3, .rounds = 6000, .full = true },
	{ .seed = 2, .unit = 1ULL << 52, .longest = 3, .rounds = 6000,
	  .full = true },
	{ .seed = 3, .unit = 4096, .longest = 40, .rounds = 3000 },
	{ .seed = 4, .unit = 1ULL << 52, .longest = UNITS, .rounds = 2000 },
};

static void
range_param_desc(const struct range_param *p, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "seed %llu, unit %llu, up to %u",
		 p->seed, p->unit, p->longest);
}

KUNIT_ARRAY_PARAM(range, range_params, range_param_desc);

/* 0 ... n - 1 */
static unsigned int
rnd(struct rnd_state *state, unsigned int n)
{
	return prandom_u32_state(state) % n;
}

/* A range of units, [*a, *b), not empty. */
static void
rnd_range(struct rnd_state *state, unsigned int longest, unsigned int *a,
	  unsigned int *b)
{
	*a = rnd(state, UNITS);
	*b = min_t(unsigned int, UNITS, *a + 1 + rnd(state, longest));
}

static void
rnd_seed(struct kunit *test, struct rnd_state *state)
{
	const struct range_param *p = test->param_value;

	prandom_seed_state(state, p->seed);
}

static unsigned long *
map_alloc(struct kunit *test)
{
	unsigned long		*map;

	map = kunit_kzalloc(test, BITS_TO_LONGS(UNITS) * sizeof(long),
			    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map);
	return map;
}

/*
 * Count the runs of bits; if there are more than spans may be, fill the
 * narrowest gap between two, the first of those alike, but not the one at
 * @spare.
 */
static bool
map_reduce(unsigned long *map, unsigned int spare)
{
	unsigned int		runs = 0, a, b, end = 0;
	unsigned int		best = 0, least = UINT_MAX;

	for_each_set_bitrange(a, b, map, UNITS) {
		if (runs++ && end != spare && a - end < least) {
			least = a - end;
			best = end;
		}
		end = b;
	}
	if (runs <= MAXS)
		return false;
	bitmap_set(map, best, least);
	return true;
}

/* Do the spans say what the bits say? */
static void
map_check(struct kunit *test, const unsigned long *map, u64 unit,
	  const struct xfs_dm_span *s, unsigned int n, unsigned int round)
{
	unsigned int		a, b, i = 0;

	KUNIT_ASSERT_TRUE_MSG(test, xfs_dm_spans_valid(s, n), "round %u",
			      round);
	for_each_set_bitrange(a, b, map, UNITS) {
		KUNIT_ASSERT_LT_MSG(test, i, n, "round %u", round);
		KUNIT_ASSERT_EQ_MSG(test, s[i].start, a * unit, "round %u",
				    round);
		KUNIT_ASSERT_EQ_MSG(test, s[i].end, b * unit, "round %u",
				    round);
		i++;
	}
	KUNIT_ASSERT_EQ_MSG(test, i, n, "round %u", round);
}

/* Is a bit of [a, b) set? */
static bool
map_any(const unsigned long *map, unsigned int a, unsigned int b)
{
	return find_next_bit(map, b, a) < b;
}

/* Are all? */
static bool
map_all(const unsigned long *map, unsigned int a, unsigned int b)
{
	return find_next_zero_bit(map, b, a) >= b;
}

/*
 * Add, remove, clip, find, overlap.  What the comparison with the model implies
 * is said once more in words: nothing but a removal uncovers a byte, what was
 * just removed is not covered, and only a list that is full covers anything
 * that it was not told.
 */
static void
spans_model(struct kunit *test)
{
	const struct range_param *p = test->param_value;
	struct xfs_dm_span	*s = spans_alloc(test);
	unsigned long		*map = map_alloc(test);
	unsigned long		*before = map_alloc(test);
	const struct xfs_dm_span *found;
	struct rnd_state	state;
	unsigned int		n = 0, was, a, b, i, op;
	unsigned int		reduced = 0, most = 0;
	u64			end;

	rnd_seed(test, &state);
	for (i = 0; i < p->rounds; i++) {
		bool		less;

		rnd_range(&state, p->longest, &a, &b);
		bitmap_copy(before, map, UNITS);
		was = n;
		op = rnd(&state, 64);
		if (op < 36) {
			n = xfs_dm_spans_add(s, n, a * p->unit, b * p->unit);
			bitmap_set(map, a, b - a);
			less = map_reduce(map, UINT_MAX);
			KUNIT_ASSERT_TRUE(test, bitmap_subset(before, map,
							      UNITS));
			KUNIT_ASSERT_TRUE(test, map_all(map, a, b));
		} else if (op < 63) {
			/* To the end of the file now and then. */
			if (b == UNITS)
				end = INF;
			else
				end = b * p->unit;
			n = xfs_dm_spans_remove(s, n, a * p->unit, end);
			bitmap_clear(map, a, b - a);
			less = map_reduce(map, a);
			KUNIT_ASSERT_FALSE(test, map_any(map, a, b));
		} else {
			a = UNITS - rnd(&state, UNITS / 16);
			n = xfs_dm_spans_clip(s, n, a * p->unit);
			bitmap_clear(map, a, UNITS - a);
			less = false;
		}
		map_check(test, map, p->unit, s, n, i);
		if (less) {
			KUNIT_ASSERT_EQ(test, was, MAXS);
			reduced++;
		}
		most = max(most, n);

		rnd_range(&state, 4, &a, &b);
		KUNIT_ASSERT_EQ(test, map_any(map, a, b),
				xfs_dm_spans_overlap(s, n, a * p->unit,
						     b * p->unit));
		found = xfs_dm_spans_find(s, n, a * p->unit);
		a = find_next_bit(map, UNITS, a);
		KUNIT_ASSERT_EQ(test, !found, a == UNITS);
		if (found) {
			KUNIT_ASSERT_LE(test, found->start, a * p->unit);
			KUNIT_ASSERT_GT(test, found->end, a * p->unit);
		}
	}

	/* Was it worth the while? */
	KUNIT_EXPECT_EQ(test, p->full, reduced > 100);
	KUNIT_EXPECT_EQ(test, p->full, most == MAXS);
	KUNIT_EXPECT_GT(test, most, 1);
}

/* One list covers another if its bits hold the other's. */
static void
spans_cover_model(struct kunit *test)
{
	const struct range_param *p = test->param_value;
	struct xfs_dm_span	*sa = spans_alloc(test);
	struct xfs_dm_span	*sb = spans_alloc(test);
	unsigned long		*ma = map_alloc(test);
	unsigned long		*mb = map_alloc(test);
	struct rnd_state	state;
	unsigned int		na, nb, a, b, i, j, yes = 0;
	unsigned int		rounds = p->rounds / 4;

	rnd_seed(test, &state);
	for (i = 0; i < rounds; i++) {
		/* @b first, then @a as the same and more, or a bit less. */
		bitmap_zero(mb, UNITS);
		nb = 0;
		for (j = rnd(&state, 8); j; j--) {
			rnd_range(&state, p->longest, &a, &b);
			nb = xfs_dm_spans_add(sb, nb, a * p->unit,
					      b * p->unit);
			bitmap_set(mb, a, b - a);
		}
		memcpy(sa, sb, nb * sizeof(*sa));
		bitmap_copy(ma, mb, UNITS);
		na = nb;
		for (j = rnd(&state, 4); j; j--) {
			rnd_range(&state, p->longest, &a, &b);
			na = xfs_dm_spans_add(sa, na, a * p->unit,
					      b * p->unit);
			bitmap_set(ma, a, b - a);
		}
		if (rnd(&state, 2)) {
			a = rnd(&state, UNITS);
			if (nb && rnd(&state, 2))
				a = div64_u64(sb[rnd(&state, nb)].start,
					      p->unit);
			na = xfs_dm_spans_remove(sa, na, a * p->unit,
						 (a + 1) * p->unit);
			bitmap_clear(ma, a, 1);
		}
		map_check(test, ma, p->unit, sa, na, i);
		map_check(test, mb, p->unit, sb, nb, i);
		KUNIT_ASSERT_EQ_MSG(test, bitmap_subset(mb, ma, UNITS),
				    xfs_dm_spans_cover(sa, na, sb, nb),
				    "round %u", i);
		KUNIT_ASSERT_EQ_MSG(test, bitmap_subset(ma, mb, UNITS),
				    xfs_dm_spans_cover(sb, nb, sa, na),
				    "round %u, other way", i);
		yes += bitmap_subset(mb, ma, UNITS);
	}
	KUNIT_EXPECT_GT(test, yes, rounds / 8);
	KUNIT_EXPECT_LT(test, yes, rounds - rounds / 8);
}

/*
 * Regions overlap, so the model counts for each unit in how many regions with
 * a flag it is.  The last unit goes on without end.
 */
#define MODEL_REGIONS		12

enum { IN_READ, IN_WRITE, IN_TRUNCATE, IN_NONE, IN_MAX };

static void
count_regions(struct kunit *test, u8 (*count)[IN_MAX], u64 unit,
	      const struct xfs_dm_region *r, unsigned int n)
{
	unsigned int		i, j;

	memset(count, 0, UNITS * sizeof(*count));
	for (i = 0; i < n; i++) {
		unsigned int	a = div64_u64(r[i].start, unit);
		unsigned int	b = r[i].end == INF ? UNITS :
					div64_u64(r[i].end, unit);

		KUNIT_ASSERT_LT(test, a, b);
		KUNIT_ASSERT_LE(test, b, UNITS);
		for (j = a; j < b; j++) {
			count[j][IN_READ] += !!(r[i].flags & R);
			count[j][IN_WRITE] += !!(r[i].flags & W);
			count[j][IN_TRUNCATE] += !!(r[i].flags & T);
			count[j][IN_NONE] += !r[i].flags;
		}
	}
}

static bool
count_match(u8 (*count)[IN_MAX], unsigned int a, unsigned int b, u32 flags)
{
	for (; a < b; a++) {
		if (((flags & R) && count[a][IN_READ]) ||
		    ((flags & W) && count[a][IN_WRITE]) ||
		    ((flags & T) && count[a][IN_TRUNCATE]))
			return true;
	}
	return false;
}

static unsigned int
rnd_regions(struct rnd_state *state, const struct range_param *p,
	    struct xfs_dm_region *r)
{
	unsigned int		n = rnd(state, MODEL_REGIONS + 1);
	unsigned int		a, b, i;

	for (i = 0; i < n; i++) {
		rnd_range(state, max(p->longest, 100U), &a, &b);
		/* Often beside the one before, so that some can be joined. */
		if (i && r[i - 1].end != INF && rnd(state, 2)) {
			a = div64_u64(r[i - 1].end, p->unit);
			b = min_t(unsigned int, UNITS,
				  a + 1 + rnd(state, 50));
		}
		r[i].start = a * p->unit;
		r[i].end = b == UNITS ? INF : b * p->unit;
		r[i].flags = rnd(state, 8);
	}
	return n;
}

static void
regions_model(struct kunit *test)
{
	const struct range_param *p = test->param_value;
	struct xfs_dm_region	*in, *out, *again;
	u8			(*was)[IN_MAX], (*is)[IN_MAX];
	struct rnd_state	state;
	unsigned int		nin, a, b, c, d, i, j;
	unsigned int		split = 0, joined = 0;
	const unsigned int	room = 3 * MODEL_REGIONS;
	u32			flags, all;
	u64			end;
	int			n;

	in = kunit_kcalloc(test, MODEL_REGIONS, sizeof(*in), GFP_KERNEL);
	out = kunit_kcalloc(test, room, sizeof(*out), GFP_KERNEL);
	again = kunit_kcalloc(test, room, sizeof(*again), GFP_KERNEL);
	was = kunit_kcalloc(test, UNITS, sizeof(*was), GFP_KERNEL);
	is = kunit_kcalloc(test, UNITS, sizeof(*is), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_ASSERT_NOT_NULL(test, was);
	KUNIT_ASSERT_NOT_NULL(test, is);

	rnd_seed(test, &state);
	for (i = 0; i < p->rounds / 8; i++) {
		nin = rnd_regions(&state, p, in);
		rnd_range(&state, max(p->longest, 200U), &a, &b);
		end = b == UNITS ? INF : b * p->unit;
		n = xfs_dm_regions_disarm(in, nin, a * p->unit, end, out,
					  room);
		KUNIT_ASSERT_GE_MSG(test, n, 0, "round %u", i);
		split += n > (int)nin;
		joined += n < (int)nin;

		/* READ is gone from the range, and nothing else changed. */
		count_regions(test, was, p->unit, in, nin);
		count_regions(test, is, p->unit, out, n);
		for (j = a; j < b; j++)
			was[j][IN_READ] = 0;
		KUNIT_ASSERT_EQ_MSG(test, memcmp(was, is, UNITS * sizeof(*is)),
				    0, "round %u", i);

		/* The same as others ask for it. */
		KUNIT_ASSERT_FALSE_MSG(test,
				       xfs_dm_regions_match(out, n,
							    a * p->unit, end,
							    R),
				       "round %u", i);
		for (j = 0; j < 8; j++) {
			rnd_range(&state, 1 + rnd(&state, 100), &c, &d);
			flags = rnd(&state, 8);
			KUNIT_ASSERT_EQ_MSG(test, count_match(is, c, d, flags),
					    xfs_dm_regions_match(out, n,
								 c * p->unit,
								 d * p->unit,
								 flags),
					    "round %u", i);
		}
		for (all = 0, j = 0; (int)j < n; j++)
			all |= out[j].flags;
		KUNIT_ASSERT_EQ(test, xfs_dm_regions_union(out, n), all);

		/* Exactly as much room as it takes, and not less. */
		KUNIT_ASSERT_EQ(test, xfs_dm_regions_disarm(in, nin,
							    a * p->unit, end,
							    again, n),
				n);
		KUNIT_ASSERT_EQ(test, memcmp(out, again, n * sizeof(*out)), 0);
		if (n)
			KUNIT_ASSERT_EQ(test,
					xfs_dm_regions_disarm(in, nin,
							      a * p->unit, end,
							      again, n - 1),
					-E2BIG);

		/* Once more changes nothing. */
		KUNIT_ASSERT_EQ(test, xfs_dm_regions_disarm(out, n,
							    a * p->unit, end,
							    again, room),
				n);
		KUNIT_ASSERT_EQ(test, memcmp(out, again, n * sizeof(*out)), 0);
	}
	KUNIT_EXPECT_GT(test, split, 10);
	KUNIT_EXPECT_GT(test, joined, 10);
}

static void
regions_shift_examples(struct kunit *test)
{
	struct xfs_dm_region	r[] = {
		{ 0, 10, R }, { 10, 20, W }, { 15, INF, T }, { 12, 14, R },
	};

	KUNIT_ASSERT_EQ(test, xfs_dm_regions_collapse(r, 4, 11, 16), 3);
	KUNIT_EXPECT_EQ(test, r[0].end, 10);
	KUNIT_EXPECT_EQ(test, r[1].start, 10);
	KUNIT_EXPECT_EQ(test, r[1].end, 15);
	KUNIT_EXPECT_EQ(test, r[2].start, 11);
	KUNIT_EXPECT_EQ(test, r[2].end, INF);

	KUNIT_ASSERT_EQ(test, xfs_dm_regions_insert(r, 3, 10, 15), 3);
	KUNIT_EXPECT_EQ(test, r[0].end, 10);
	KUNIT_EXPECT_EQ(test, r[1].start, 15);
	KUNIT_EXPECT_EQ(test, r[1].end, 20);
	KUNIT_EXPECT_EQ(test, r[2].start, 16);

	/* What is pushed over the end of all files is gone. */
	r[0].start = S64_MAX - 5;
	r[0].end = S64_MAX;
	KUNIT_EXPECT_EQ(test, xfs_dm_regions_insert(r, 1, 0, 100), 0);
}

/* Regions move as the bytes do that they are on. */
static void
regions_shift_model(struct kunit *test)
{
	const struct range_param *p = test->param_value;
	u8			(*was)[IN_MAX], (*is)[IN_MAX];
	struct xfs_dm_region	*in, *out;
	struct rnd_state	state;
	unsigned int		nin, n, a, b, i, j;

	in = kunit_kcalloc(test, MODEL_REGIONS, sizeof(*in), GFP_KERNEL);
	out = kunit_kcalloc(test, MODEL_REGIONS, sizeof(*out), GFP_KERNEL);
	was = kunit_kcalloc(test, UNITS, sizeof(*was), GFP_KERNEL);
	is = kunit_kcalloc(test, UNITS, sizeof(*is), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, was);
	KUNIT_ASSERT_NOT_NULL(test, is);

	rnd_seed(test, &state);
	for (i = 0; i < p->rounds / 8; i++) {
		do {
			nin = rnd_regions(&state, p, in);
			rnd_range(&state, 100, &a, &b);
		} while (b == UNITS);
		memcpy(out, in, nin * sizeof(*in));
		count_regions(test, was, p->unit, in, nin);

		/* What goes over the end is as without end: none there. */
		n = xfs_dm_regions_collapse(out, nin, a * p->unit, b * p->unit);
		count_regions(test, is, p->unit, out, n);
		for (j = 0; j < UNITS - (b - a); j++)
			KUNIT_ASSERT_EQ_MSG(test, memcmp(is[j],
							 was[j < a ? j : j + b - a],
							 IN_MAX), 0, "round %u", i);

		/* And back: the same, but for what was in the range. */
		n = xfs_dm_regions_insert(out, n, a * p->unit, b * p->unit);
		for (j = 0; j < n; j++)
			if (out[j].end > UNITS * p->unit)
				out[j].end = INF;
		count_regions(test, is, p->unit, out, n);
		for (j = 0; j < UNITS; j++)
			if (j < a || j >= b)
				KUNIT_ASSERT_EQ_MSG(test, memcmp(is[j], was[j],
								 IN_MAX), 0,
						    "round %u", i);
	}
}

static struct kunit_case xfs_dm_range_cases[] = {
	KUNIT_CASE(regions_shift_examples),
	KUNIT_CASE_PARAM(regions_shift_model, range_gen_params),
	KUNIT_CASE(spans_add_apart),
	KUNIT_CASE(spans_add_nothing),
	KUNIT_CASE(spans_add_touching),
	KUNIT_CASE(spans_add_overlapping),
	KUNIT_CASE(spans_add_full_joins_nearest),
	KUNIT_CASE(spans_add_full_has_room),
	KUNIT_CASE(spans_remove_nothing),
	KUNIT_CASE(spans_remove_parts),
	KUNIT_CASE(spans_remove_infinity),
	KUNIT_CASE(spans_remove_full_keeps_hole),
	KUNIT_CASE(spans_clip),
	KUNIT_CASE(spans_find),
	KUNIT_CASE(spans_overlap),
	KUNIT_CASE(spans_valid),
	KUNIT_CASE(spans_cover),
	KUNIT_CASE(regions_match),
	KUNIT_CASE(regions_union),
	KUNIT_CASE(regions_disarm_one),
	KUNIT_CASE(regions_disarm_other_flags),
	KUNIT_CASE(regions_disarm_infinity),
	KUNIT_CASE(regions_disarm_many),
	KUNIT_CASE(regions_disarm_in_pieces),
	KUNIT_CASE(regions_disarm_limit),
	KUNIT_CASE_PARAM(spans_model, range_gen_params),
	KUNIT_CASE_PARAM(spans_cover_model, range_gen_params),
	KUNIT_CASE_PARAM(regions_model, range_gen_params),
	{ }
};

static struct kunit_suite xfs_dm_range_suite = {
	.name		= "xfs_dm_range",
	.test_cases	= xfs_dm_range_cases,
};

kunit_test_suite(xfs_dm_range_suite);
