/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic of regions and spans
 *
 * Pure functions on arrays: no inode, no lock, no allocation, so that they can
 * be tested one by one (xfs_dm_range_test.c).
 */
#ifndef __XFS_DM_RANGE_H__
#define __XFS_DM_RANGE_H__

#include <linux/types.h>
#include <uapi/linux/dmapi.h>

/* A range that has no end. */
#define XFS_DM_INFINITY		U64_MAX

/* Spans that a file may have; neighbours are merged beyond this. */
#define XFS_DM_MAX_SPANS	128

/**
 * struct xfs_dm_span - a range that may hold offline bytes
 * @start: first byte
 * @end: the byte after the last one
 */
struct xfs_dm_span {
	u64	start;
	u64	end;
};

/**
 * struct xfs_dm_region - a managed region, half open
 * @start: first byte
 * @end: the byte after the last one, or XFS_DM_INFINITY
 * @flags: DMAPI_REGION_*
 */
struct xfs_dm_region {
	u64	start;
	u64	end;
	u32	flags;
};

bool xfs_dm_regions_match(const struct xfs_dm_region *r, unsigned int n,
			  u64 start, u64 end, u32 flags);
u32 xfs_dm_regions_union(const struct xfs_dm_region *r, unsigned int n);
int xfs_dm_regions_disarm(const struct xfs_dm_region *in, unsigned int nin,
			  u64 start, u64 end, struct xfs_dm_region *out,
			  unsigned int max);
unsigned int xfs_dm_regions_collapse(struct xfs_dm_region *r, unsigned int n,
				     u64 start, u64 end);
unsigned int xfs_dm_regions_insert(struct xfs_dm_region *r, unsigned int n,
				   u64 start, u64 end);

const struct xfs_dm_span *xfs_dm_spans_find(const struct xfs_dm_span *s,
					    unsigned int n, u64 pos);
bool xfs_dm_spans_overlap(const struct xfs_dm_span *s, unsigned int n,
			  u64 start, u64 end);
unsigned int xfs_dm_spans_add(struct xfs_dm_span *s, unsigned int n, u64 start,
			      u64 end);
unsigned int xfs_dm_spans_remove(struct xfs_dm_span *s, unsigned int n,
				 u64 start, u64 end);
unsigned int xfs_dm_spans_clip(struct xfs_dm_span *s, unsigned int n, u64 eof);
bool xfs_dm_spans_valid(const struct xfs_dm_span *s, unsigned int n);
bool xfs_dm_spans_cover(const struct xfs_dm_span *a, unsigned int na,
			const struct xfs_dm_span *b, unsigned int nb);

#endif /* __XFS_DM_RANGE_H__ */
