/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loop_state.h - what is durable of a file, as a model
 *
 * DM attributes in slots, each a version with a length; READ regions by
 * granule; regions beyond the end of the file, to make the record as large as
 * is wanted; and which granules are offline.  A test keeps a model beside the
 * file, and after a crash looks which of the states that it could be in it is
 * in.
 */
#ifndef LOOP_STATE_H
#define LOOP_STATE_H

#include "loop_dm.h"

#define SLOTS		5
#define GRANULES	6		/* the last one is cut short */
#define FILE_SIZE	((GRANULES - 1) * (uint64_t)LOOP_GRANULE + 5000)
#define BLOCK		4096U
#define FAR		(1ULL << 40)	/* regions that only take up room */
#define MAX_FILL	1000U

struct attr {
	int		len;		/* -1: there is none */
	unsigned int	version;
};

struct state {
	struct attr	attr[SLOTS];
	unsigned int	read;		/* a bit for each granule that is armed */
	unsigned int	fill;		/* regions beyond the end */
	unsigned int	off;		/* a bit for each granule offline */
};

static const char slot_names[SLOTS][DMAPI_ATTR_NAME_SIZE] = {
	"HSMID", "b", "cccccccc", "loc", "DMATTR5",
};

static inline uint64_t granule_end(unsigned int g)
{
	return g == GRANULES - 1 ? FILE_SIZE :
	       (g + 1) * (uint64_t)LOOP_GRANULE;
}

static inline uint64_t granule_len(unsigned int g)
{
	return granule_end(g) - g * (uint64_t)LOOP_GRANULE;
}

/* --- Changes; they return 0 or a negated errno ----------------------------- */

static inline long put_attr(struct loop_obj *o, unsigned int file,
		unsigned int slot, const struct attr *a)
{
	static __thread uint8_t value[DMAPI_MAX_ATTRIBUTE_SIZE];

	if (a->len < 0)
		return dmapi_remove_dmattr(&o->o, slot_names[slot], 0);
	loop_value(value, (size_t)a->len, file, slot, a->version);
	return dmapi_set_dmattr(&o->o, slot_names[slot], 0, (uint64_t)a->len,
				value);
}

static inline long put_regions(struct loop_obj *o, unsigned int read,
		unsigned int fill)
{
	static __thread struct dmapi_region r[LOOP_REGIONS];
	unsigned int n = 0;
	__u32 exact;

	for (unsigned int g = 0; g < GRANULES; g++) {
		if (!(read & 1U << g))
			continue;
		/* Side by side they are one, as set_resident leaves them. */
		if (g && (read & 1U << (g - 1))) {
			r[n - 1].size += LOOP_GRANULE;
			continue;
		}
		r[n++] = (struct dmapi_region) {
			.offset = (int64_t)g * LOOP_GRANULE,
			.size = LOOP_GRANULE,
			.flags = DMAPI_REGION_READ,
		};
	}
	for (unsigned int i = 0; i < fill; i++)
		r[n++] = (struct dmapi_region) {
			.offset = (int64_t)(FAR + i * 3ULL * LOOP_GRANULE),
			.size = LOOP_GRANULE + fill,
			.flags = DMAPI_REGION_WRITE,
		};
	return dmapi_set_region(&o->o, n, r, &exact);
}

static inline long punch_granules(struct loop_obj *o, unsigned int first,
		unsigned int n)
{
	uint64_t off = first * (uint64_t)LOOP_GRANULE;

	return dmapi_punch_hole(&o->o, (int64_t)off, first + n == GRANULES ? 0 :
				n * (uint64_t)LOOP_GRANULE);
}

static inline long recall_granule(struct loop_obj *o, unsigned int file,
		unsigned int g, unsigned int flags)
{
	static __thread uint8_t buf[LOOP_GRANULE];
	uint64_t off = g * (uint64_t)LOOP_GRANULE;
	long ret;

	loop_fill(buf, off, granule_len(g), file);
	ret = dmapi_write_invis(&o->o, flags, (int64_t)off, granule_len(g), buf);
	if (ret < 0)
		return ret;
	return ret == (long)granule_len(g) ? 0 : -EIO;
}

static inline long resident_granules(struct loop_obj *o, unsigned int first,
		unsigned int n)
{
	return dmapi_set_resident(&o->o, first * (int64_t)LOOP_GRANULE,
				  n * (uint64_t)LOOP_GRANULE);
}

/* --- Looking ---------------------------------------------------------------- */

/* Is this what the file has? */
static inline bool has_attr(struct loop_obj *o, unsigned int file,
		unsigned int slot, const struct attr *a)
{
	static __thread uint8_t have[DMAPI_MAX_ATTRIBUTE_SIZE];
	static __thread uint8_t want[DMAPI_MAX_ATTRIBUTE_SIZE];
	__u64 len = 0;
	long ret = dmapi_get_dmattr(&o->o, slot_names[slot], sizeof(have), have,
				    &len);

	if (ret == -ENOENT)
		return a->len < 0;
	if (ret) {
		printf("# attribute %u of file %u: errno %ld\n", slot, file,
		       -ret);
		return false;
	}
	if (a->len < 0 || len != (uint64_t)a->len)
		return false;
	loop_value(want, len, file, slot, a->version);
	return !memcmp(have, want, len);
}

/* Read the regions back into the model's terms; false if they are none. */
static inline bool get_regions(struct loop_obj *o, unsigned int *read,
		unsigned int *fill)
{
	static __thread struct dmapi_region r[LOOP_REGIONS];
	unsigned int far = 0, size = 0;
	__u32 n = 0;
	long ret = dmapi_get_region(&o->o, LOOP_REGIONS, r, &n);

	*read = *fill = 0;
	if (ret) {
		printf("# regions: errno %ld\n", -ret);
		return false;
	}
	for (unsigned int i = 0; i < n; i++) {
		uint64_t off = (uint64_t)r[i].offset;

		if (off >= FAR) {
			if (off != FAR + far * 3ULL * LOOP_GRANULE ||
			    r[i].flags != DMAPI_REGION_WRITE ||
			    (far && r[i].size != size))
				goto bad;
			size = (unsigned int)r[i].size;
			far++;
			continue;
		}
		if (far || off % LOOP_GRANULE || r[i].size % LOOP_GRANULE ||
		    r[i].flags != DMAPI_REGION_READ)
			goto bad;
		for (uint64_t g = off / LOOP_GRANULE;
		     g < (off + r[i].size) / LOOP_GRANULE; g++)
			*read |= 1U << g;
	}
	*fill = far;
	if (!far || size == LOOP_GRANULE + far)
		return true;
bad:
	printf("# %u regions that nobody set\n", n);
	return false;
}

/* Bits: 1 some block is data, 2 some block is offline, 4 something is wrong. */
static inline unsigned int look_granule(int fd, unsigned int file,
		unsigned int g)
{
	static const unsigned int bit[] = {
		[LOOP_DATA] = 1, [LOOP_OFFLINE] = 2, [LOOP_WRONG] = 4,
	};
	uint64_t off = g * (uint64_t)LOOP_GRANULE;
	unsigned int seen;

	seen = bit[loop_look(fd, off, granule_len(g), file)];
	if (seen == 1)
		return seen;
	for (; off < granule_end(g); off += BLOCK) {
		uint64_t left = granule_end(g) - off;

		seen |= bit[loop_look(fd, off, left < BLOCK ? left : BLOCK,
				      file)];
	}
	return seen;
}

#endif /* LOOP_STATE_H */
