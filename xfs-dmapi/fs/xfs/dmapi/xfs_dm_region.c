// SPDX-License-Identifier: GPL-2.0-only
/*
 * Managed regions
 *
 * A set of regions replaces another as a whole.  Taking READ away from bytes is
 * the application's word that what is there is the data, so the spans there go
 * with it, in the same change of the record.  That word must not outrun the
 * data: what the application wrote is on its way to the device before the
 * record changes, and the log carries its extents before the record.  (On a
 * realtime device the log does not, so it is flushed.)
 *
 * dm_set_region() replaces everything, and of two workers that recall parts of
 * a file and each write back what they read a moment ago, the second undoes the
 * first.  DMAPI_SET_RESIDENT names the range only.  It does not take the
 * caller's word: a byte that is still offline makes it fail.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/blkdev.h>

/**
 * xfs_dm_flush() - bring a range's data to where the log can vouch for it
 * @ip: the file
 * @start: first byte
 * @end: the byte after the last
 *
 * Return: 0 or what writing gave.
 */
int
xfs_dm_flush(struct xfs_inode *ip, u64 start, u64 end)
{
	int			error;

	error = filemap_write_and_wait_range(VFS_I(ip)->i_mapping, start,
					     end > S64_MAX ? S64_MAX : (loff_t)end - 1);
	if (!error && XFS_IS_REALTIME_INODE(ip))
		error = blkdev_issue_flush(ip->i_mount->m_rtdev_targp->bt_bdev);
	return error;
}

/*
 * Forget spans in a range whose bytes are data now.  A page that is only in
 * part in the range keeps its span: folios do not straddle edges.
 */
static void
xfs_dm_forget(struct xfs_inode *ip, struct xfs_dm_inode *dm, u64 start, u64 end)
{
	u64			page = xfs_dm_page(ip);

	if (start)
		start = roundup_64(start, page);
	if (end >= (u64)i_size_read(VFS_I(ip)))
		end = XFS_DM_INFINITY;
	else
		end = rounddown_64(end, page);
	dm->nspans = xfs_dm_spans_remove(dm->spans, dm->nspans, start, end);
}

/* Is there one region with READ that holds all of [start, end)? */
static bool
xfs_dm_was_armed(const struct xfs_dm_inode *dm, u64 start, u64 end)
{
	unsigned int			i;

	for (i = 0; i < dm->nregions; i++) {
		const struct xfs_dm_region *r = &dm->regions[i];

		if ((r->flags & DMAPI_REGION_READ) && r->start <= start &&
		    r->end >= end)
			return true;
	}
	return false;
}

/* Spans of the old state that the new regions keep. */
static void
xfs_dm_carry_spans(struct xfs_inode *ip, const struct xfs_dm_inode *old,
		   struct xfs_dm_inode *new)
{
	u64				page = xfs_dm_page(ip);
	struct xfs_dm_span		*all;
	unsigned int			nall = new->nspans;
	unsigned int			i, j;

	all = kmemdup_array(new->spans, nall, sizeof(*all),
			    GFP_KERNEL | __GFP_NOFAIL);
	if (old->broken)
		new->nspans = 0;
	for (i = 0; i < old->nregions; i++) {
		if (old->regions[i].flags & DMAPI_REGION_READ)
			xfs_dm_forget(ip, new, old->regions[i].start,
				      old->regions[i].end);
	}
	for (i = 0; i < new->nregions; i++) {
		const struct xfs_dm_region *r = &new->regions[i];

		if (!(r->flags & DMAPI_REGION_READ))
			continue;
		for (j = 0; j < nall; j++) {
			u64	a = max(all[j].start,
					rounddown_64(r->start, page));
			u64	b = all[j].end;

			if (r->end < b)
				b = min(b, roundup_64(r->end, page));
			new->nspans = xfs_dm_spans_add(new->spans, new->nspans,
						       a, b);
		}
	}
	kfree(all);
}

static int
xfs_dm_region_from_user(struct xfs_dm_region *r, const struct dmapi_region *u)
{
	if ((u->flags & ~DMAPI_REGION_ALL) || u->offset < 0)
		return -EINVAL;
	if (u->size > S64_MAX - (u64)u->offset)
		return -EINVAL;
	r->start = u->offset;
	r->end = u->size ? u->offset + u->size : XFS_DM_INFINITY;
	r->flags = u->flags;
	return 0;
}

/*
 * DMAPI_SET_REGION: E2BIG too many; EINVAL undefined flags, a negative offset
 * or an overflow; EOPNOTSUPP if the file's data cannot be guarded (DAX, zoned);
 * EBUSY if READ would be armed where the file is mapped; EROFS, ENOSPC.
 */
static long
xfs_dm_op_set_region(struct xfs_dm_call *call)
{
	struct dmapi_set_region	*arg = (void *)call->arg.bytes;
	__u32 __user		*exactp = u64_to_user_ptr(arg->exactp);
	struct xfs_inode	*ip = call->ip;
	struct dmapi_region	*u = NULL;
	const struct xfs_dm_inode *old;
	struct xfs_dm_inode	*dm;
	unsigned int		i;
	__u32			exact;
	long			error;

	if (arg->nelem > DMAPI_MAX_REGIONS)
		return -E2BIG;
	if (arg->pad)
		return -EINVAL;
	if (IS_DAX(VFS_I(ip)) || IS_SWAPFILE(VFS_I(ip)))
		return -EOPNOTSUPP;
#if XFS_DM_BASE >= 703
	if (xfs_is_zoned_inode(ip))
		return -EOPNOTSUPP;
#endif
	if (arg->nelem) {
		u = vmemdup_array_user(u64_to_user_ptr(arg->regbufp),
				       arg->nelem, sizeof(*u));
		if (IS_ERR(u))
			return PTR_ERR(u);
	}
	error = -EFAULT;
	if (get_user(exact, exactp) || put_user(1, exactp))
		goto out_free;

	/* Data first: the lock is held for as long as this takes again. */
	error = xfs_dm_flush(ip, 0, XFS_DM_INFINITY);
	if (error)
		goto out_exact;
	error = xfs_dm_lock(ip, XFS_DM_LOCK_LAYOUT);
	if (error)
		goto out_exact;
	dm = xfs_dm_inode_dup(ip, arg->nelem);
	if (IS_ERR(dm)) {
		error = PTR_ERR(dm);
		goto out_unlock;
	}
	old = rcu_dereference_protected(ip->i_dm, 1);

	for (i = 0; i < arg->nelem; i++) {
		struct xfs_dm_region *r = &dm->regions[i];

		error = xfs_dm_region_from_user(r, &u[i]);
		if (error)
			goto out_drop;
		if ((r->flags & DMAPI_REGION_READ) &&
		    !xfs_dm_was_armed(old, r->start, r->end) &&
		    xfs_dm_mapped(ip, r->start >> PAGE_SHIFT,
				  (r->end - 1) >> PAGE_SHIFT)) {
			error = -EBUSY;
			goto out_drop;
		}
	}
	error = xfs_dm_flush(ip, 0, XFS_DM_INFINITY);
	if (error)
		goto out_drop;
	xfs_dm_carry_spans(ip, old, dm);
	error = xfs_dm_record_commit(ip, dm);
	goto out_unlock;

out_drop:
	kvfree(dm);
out_unlock:
	xfs_dm_unlock(ip);
out_exact:
	/* A call that fails leaves its outputs alone. */
	if (error)
		xfs_dm_put_u32(arg->exactp, exact);
out_free:
	kvfree(u);
	return error;
}

/* DMAPI_GET_REGION: E2BIG with the number in *nelemp. */
static long
xfs_dm_op_get_region(struct xfs_dm_call *call)
{
	struct dmapi_get_region		*arg = (void *)call->arg.bytes;
	const struct xfs_dm_inode	*dm;
	struct dmapi_region		*u;
	unsigned int			n = 0, i;
	long				error;

	if (arg->pad)
		return -EINVAL;
	error = xfs_dm_inode_load(call->ip);
	if (error)
		return error;
	u = kvcalloc(DMAPI_MAX_REGIONS, sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;

	rcu_read_lock();
	dm = rcu_dereference(call->ip->i_dm);
	if (dm) {
		n = dm->nregions;
		for (i = 0; i < n; i++) {
			const struct xfs_dm_region *r = &dm->regions[i];

			u[i].offset = r->start;
			if (r->end != XFS_DM_INFINITY)
				u[i].size = r->end - r->start;
			u[i].flags = r->flags;
		}
	}
	rcu_read_unlock();

	if (n > arg->nelem)
		error = -E2BIG;
	else if (copy_to_user(u64_to_user_ptr(arg->regbufp), u, n * sizeof(*u)))
		error = -EFAULT;
	if (error != -EFAULT && xfs_dm_put_u32(arg->nelemp, n))
		error = -EFAULT;
	kvfree(u);
	return error;
}

/*
 * DMAPI_SET_RESIDENT: ENODATA if a byte is still offline; E2BIG if the pieces
 * would be too many (nothing changed, READ stays armed); EINVAL, EROFS.
 */
static long
xfs_dm_op_set_resident(struct xfs_dm_call *call)
{
	struct dmapi_range		*arg = (void *)call->arg.bytes;
	struct xfs_inode		*ip = call->ip;
	struct xfs_dm_region		*regions;
	const struct xfs_dm_inode	*old;
	struct xfs_dm_inode		*dm;
	u64				start = arg->off;
	u64				end = XFS_DM_INFINITY;
	int				n;
	long				error;

	if (arg->off < 0 || arg->len > S64_MAX - start)
		return -EINVAL;
	if (arg->len)
		end = start + arg->len;

	regions = kvcalloc(DMAPI_MAX_REGIONS, sizeof(*regions), GFP_KERNEL);
	if (!regions)
		return -ENOMEM;
	error = xfs_dm_flush(ip, start, end);
	if (error)
		goto out_free;
	error = xfs_dm_lock(ip, XFS_DM_LOCK_LAYOUT);
	if (error)
		goto out_free;
	error = xfs_dm_flush(ip, start, end);
	if (error)
		goto out_unlock;

	error = xfs_dm_range_offline(ip, start, end);
	if (error) {
		if (error > 0)
			error = -ENODATA;
		goto out_unlock;
	}

	old = rcu_dereference_protected(ip->i_dm, 1);
	n = xfs_dm_regions_disarm(old->regions, old->nregions, start, end,
				  regions, DMAPI_MAX_REGIONS);
	error = n;
	if (n < 0)
		goto out_unlock;
	dm = xfs_dm_inode_dup(ip, n);
	if (IS_ERR(dm)) {
		error = PTR_ERR(dm);
		goto out_unlock;
	}
	memcpy(dm->regions, regions, n * sizeof(*regions));
	xfs_dm_forget(ip, dm, start, end);
	error = xfs_dm_record_commit(ip, dm);

out_unlock:
	xfs_dm_unlock(ip);
out_free:
	kvfree(regions);
	return error;
}

const struct xfs_dm_op xfs_dm_region_ops[] = {
	{
		.number	= DMAPI_SET_REGION,
		.size	= sizeof(struct dmapi_set_region),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_set_region,
	},
	{
		.number	= DMAPI_GET_REGION,
		.size	= sizeof(struct dmapi_get_region),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_get_region,
	},
	{
		.number	= DMAPI_SET_RESIDENT,
		.size	= sizeof(struct dmapi_range),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_set_resident,
	},
	{ },
};
