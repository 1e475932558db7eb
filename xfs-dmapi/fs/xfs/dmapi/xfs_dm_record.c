// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file's record: its regions and spans on disk
 *
 * One attribute of the root namespace, trusted.XDSM_RECORD, holds both, so that
 * a call that declares bytes resident changes the regions and the spans in one
 * step.  Everything is big-endian:
 *
 *	header	magic "XDSM", version, flags, number of regions, number of
 *		spans, the data's version (xfs_dm_version.c)
 *	regions	offset, size (0: without end), flags
 *	spans	start, end; sorted, not touching
 *
 * The value has exactly the length that its header says.  Tools that copy
 * trusted attributes carry it; it names no inode.
 *
 * A change that begins to protect writes the record first and the witness after
 * it, one that stops protecting clears the witness first.  So a crash between
 * the two leaves a record without a witness, which protects nothing that was
 * punched yet, and never a witness without a record, which would make a file
 * with honest holes unreadable.
 */
#include "xfs_dm_compat.h"
#include "xfs_error.h"
#include "xfs_health.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#define XFS_DM_RECORD_MAGIC	0x5844534d	/* XDSM */
#define XFS_DM_RECORD_VERSION	1
#define XFS_DM_RECORD_PENDING	BIT(0)	/* spans behind the end are to come */

struct xfs_dm_disk_header {
	__be32			magic;
	__be16			version;
	__be16			flags;
	__be32			nregions;
	__be32			nspans;
	__be64			change;
};

struct xfs_dm_disk_region {
	__be64			offset;
	__be64			size;
	__be32			flags;
	__be32			pad;
};

struct xfs_dm_disk_span {
	__be64			start;
	__be64			end;
};

static_assert(sizeof(struct xfs_dm_disk_header) == 24);
static_assert(sizeof(struct xfs_dm_disk_region) == 24);
static_assert(sizeof(struct xfs_dm_disk_span) == 16);

static size_t
xfs_dm_record_size(unsigned int nregions, unsigned int nspans)
{
	return sizeof(struct xfs_dm_disk_header) +
	       nregions * sizeof(struct xfs_dm_disk_region) +
	       nspans * sizeof(struct xfs_dm_disk_span);
}

/**
 * xfs_dm_is_record() - is this the attribute's name?
 * @name: an attribute's name in the root namespace
 * @namelen: bytes
 */
bool
xfs_dm_is_record(const unsigned char *name, int namelen)
{
	return namelen == sizeof(XFS_DM_RECORD_NAME) - 1 &&
	       !memcmp(name, XFS_DM_RECORD_NAME, namelen);
}

/**
 * xfs_dm_record_parse() - make an in-core copy of a record
 * @value: the attribute's value
 * @len: its length, bytes
 * @dmp: result
 *
 * Return: 0, -EFSCORRUPTED if it is none, -ENOMEM.
 */
int
xfs_dm_record_parse(const void *value, size_t len, struct xfs_dm_inode **dmp)
{
	const struct xfs_dm_disk_header	*hdr = value;
	const struct xfs_dm_disk_region	*dr;
	const struct xfs_dm_disk_span	*ds;
	struct xfs_dm_inode		*dm;
	unsigned int			nregions, nspans, i;
	u64				change;

	if (len < sizeof(*hdr) ||
	    hdr->magic != cpu_to_be32(XFS_DM_RECORD_MAGIC) ||
	    hdr->version != cpu_to_be16(XFS_DM_RECORD_VERSION) ||
	    (hdr->flags & ~cpu_to_be16(XFS_DM_RECORD_PENDING)))
		return -EFSCORRUPTED;
	nregions = be32_to_cpu(hdr->nregions);
	nspans = be32_to_cpu(hdr->nspans);
	change = be64_to_cpu(hdr->change);
	if (change > S64_MAX || nregions > DMAPI_MAX_REGIONS ||
	    nspans > XFS_DM_MAX_SPANS ||
	    len != xfs_dm_record_size(nregions, nspans))
		return -EFSCORRUPTED;

	dm = xfs_dm_inode_alloc(nregions);
	if (!dm)
		return -ENOMEM;

	dm->change = change;
	dr = (const void *)(hdr + 1);
	for (i = 0; i < nregions; i++, dr++) {
		u64		offset = be64_to_cpu(dr->offset);
		u64		size = be64_to_cpu(dr->size);
		u32		flags = be32_to_cpu(dr->flags);

		if (offset > S64_MAX || size > S64_MAX - offset ||
		    (flags & ~DMAPI_REGION_ALL) || dr->pad)
			goto corrupt;
		dm->regions[i].start = offset;
		dm->regions[i].end = size ? offset + size : XFS_DM_INFINITY;
		dm->regions[i].flags = flags;
	}

	ds = (const void *)dr;
	for (i = 0; i < nspans; i++, ds++) {
		dm->spans[i].start = be64_to_cpu(ds->start);
		dm->spans[i].end = be64_to_cpu(ds->end);
	}
	dm->nspans = nspans;
	if (!xfs_dm_spans_valid(dm->spans, nspans))
		goto corrupt;
	if (nspans && (hdr->flags & cpu_to_be16(XFS_DM_RECORD_PENDING)))
		dm->pending = dm->spans[nspans - 1].end;

	*dmp = dm;
	return 0;

corrupt:
	kvfree(dm);
	return -EFSCORRUPTED;
}

/**
 * xfs_dm_record_read() - read the record of a file
 * @ip: the file; not under ILOCK
 * @dmp: result
 *
 * Return: 0, -ENODATA if there is none, -EFSCORRUPTED if what is there is none,
 * or what reading gave.
 */
int
xfs_dm_record_read(struct xfs_inode *ip, struct xfs_dm_inode **dmp)
{
	void			*value;
	int			len;
	int			error;

	error = xfs_dm_xattr_get(ip, XFS_DM_RECORD_NAME,
				 sizeof(XFS_DM_RECORD_NAME) - 1, &value, &len);
	if (error)
		return error;
	error = xfs_dm_record_parse(value, len, dmp);
	kvfree(value);
	return error;
}

/**
 * xfs_dm_record_encode() - a state as the attribute's value
 * @dm: the state
 * @lenp: the value's length, bytes
 *
 * Return: memory that the caller frees, or NULL.
 */
void *
xfs_dm_record_encode(const struct xfs_dm_inode *dm, size_t *lenp)
{
	struct xfs_dm_disk_header	*hdr;
	struct xfs_dm_disk_region	*dr;
	struct xfs_dm_disk_span		*ds;
	unsigned int			i;

	*lenp = xfs_dm_record_size(dm->nregions, dm->nspans);
	hdr = kvzalloc(*lenp, GFP_KERNEL);
	if (!hdr)
		return NULL;
	hdr->magic = cpu_to_be32(XFS_DM_RECORD_MAGIC);
	hdr->version = cpu_to_be16(XFS_DM_RECORD_VERSION);
	if (dm->pending)
		hdr->flags = cpu_to_be16(XFS_DM_RECORD_PENDING);
	hdr->nregions = cpu_to_be32(dm->nregions);
	hdr->nspans = cpu_to_be32(dm->nspans);
	hdr->change = cpu_to_be64(dm->change);

	dr = (void *)(hdr + 1);
	for (i = 0; i < dm->nregions; i++, dr++) {
		const struct xfs_dm_region *r = &dm->regions[i];

		dr->offset = cpu_to_be64(r->start);
		if (r->end != XFS_DM_INFINITY)
			dr->size = cpu_to_be64(r->end - r->start);
		dr->flags = cpu_to_be32(r->flags);
	}
	ds = (void *)dr;
	for (i = 0; i < dm->nspans; i++, ds++) {
		ds->start = cpu_to_be64(dm->spans[i].start);
		ds->end = cpu_to_be64(dm->spans[i].end);
	}
	return hdr;
}

static int
xfs_dm_record_write(struct xfs_inode *ip, const struct xfs_dm_inode *dm)
{
	size_t			len;
	void			*value = xfs_dm_record_encode(dm, &len);
	int			error;

	if (!value)
		return -ENOMEM;
	error = xfs_dm_xattr_set(ip, XFS_DM_RECORD_NAME,
				 sizeof(XFS_DM_RECORD_NAME) - 1, value, len, false);
	kvfree(value);
	return error;
}

/**
 * xfs_dm_record_commit() - make a new state the file's
 * @ip: the file, locked by xfs_dm_lock()
 * @dm: the state, which this consumes
 *
 * Writes the record and the witness in the safe order and publishes the state.
 * On failure the old state stays what is in force; what is on disk is the old
 * record or the new one.
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_record_commit(struct xfs_inode *ip, struct xfs_dm_inode *dm)
{
	u32			regions, ours = 0;
	int			error;

	regions = xfs_dm_regions_union(dm->regions, dm->nregions);
	if (!dm->nspans || dm->pending <= xfs_dm_eof(ip))
		dm->pending = 0;
	if (dm->nregions || dm->nspans || dm->change)
		ours |= XFS_DMW_RECORD;
	if (dm->nspans)
		ours |= XFS_DMW_SPANS;

	if (ours) {
		error = xfs_dm_record_write(ip, dm);
		if (!error)
			error = xfs_dm_witness_set(ip, ours, regions);
	} else {
		error = xfs_dm_witness_set(ip, 0, 0);
		if (!error)
			error = xfs_dm_xattr_set(ip, XFS_DM_RECORD_NAME,
						 sizeof(XFS_DM_RECORD_NAME) - 1, NULL, 0,
						 false);
		if (error == -ENODATA)
			error = 0;
	}
	if (error) {
		kvfree(dm);
		return error;
	}

	if (dm->nspans)
		xfs_dm_cap_folios(ip);
	xfs_dm_inode_publish(ip, dm);
	return 0;
}
