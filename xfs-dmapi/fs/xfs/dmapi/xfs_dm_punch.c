// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making a stub of a file, and looking at one
 *
 * A punch happens in this order, under locks that exclude everybody:
 *
 *	1. nobody maps the range, and the file runs nowhere
 *	2. dirty pages of the range are written, then all its pages leave the
 *	   cache; one that cannot is EBUSY.  They are not zeroed: a page that
 *	   stayed, zeroed, would be read later.
 *	3. the part of the range that READ regions arm is noted as spans, in
 *	   the record and the witness, and committed
 *	4. the extents go
 *
 * 3 and 4 are in one log, in this order, so a crash between them leaves spans
 * over data that is still there, which harms nobody.
 *
 * What no READ region covers is punched as well and reads as zeros afterwards:
 * the application did not ask to be asked.
 *
 * A full file system is where punching is needed most, so the transactions may
 * use reserved blocks.
 */
#include "xfs_dm_compat.h"
#include "xfs_bmap.h"
#include "xfs_bmap_btree.h"
#include "xfs_bmap_util.h"
#include "xfs_inode_fork.h"
#include "xfs_quota.h"
#include "xfs_reflink.h"
#include "xfs_trans.h"
#include "xfs_trans_space.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

/**
 * xfs_dm_drop() - write a range and take it out of the cache
 * @ip: the file, locked by xfs_dm_lock() or the like
 * @start: first byte, a page's
 * @end: the byte after the last, or XFS_DM_INFINITY
 *
 * Return: 0, -EBUSY for a page that cannot go, or what writing gave.
 */
int
xfs_dm_drop(struct xfs_inode *ip, u64 start, u64 end)
{
	struct address_space	*mapping = VFS_I(ip)->i_mapping;
	bool			all = end == XFS_DM_INFINITY;
	int			error;

	error = filemap_write_and_wait_range(mapping, start,
					     all ? LLONG_MAX : end - 1);
	if (error)
		return error;
	if (invalidate_inode_pages2_range(mapping, start >> PAGE_SHIFT,
					  all ? ULONG_MAX : (end - 1) >> PAGE_SHIFT))
		return -EBUSY;
	if (!xfs_inode_has_cow_data(ip))
		return 0;
	return xfs_reflink_cancel_cow_range(ip, start,
					    all ? NULLFILEOFF : end - start, true);
}

/* Remove the extents of [start, end). */
static int
xfs_dm_unmap(struct xfs_inode *ip, xfs_fileoff_t start, xfs_fileoff_t end)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct xfs_trans	*tp;
	int			done = 0;
	int			error;

	while (!done) {
		error = xfs_trans_alloc_inode(ip, &M_RES(mp)->tr_write,
					      XFS_DIOSTRAT_SPACE_RES(mp, 0), 0, true, &tp);
		if (error)
			return error;
		error = xfs_iext_count_extend(tp, ip, XFS_DATA_FORK,
					      XFS_IEXT_PUNCH_HOLE_CNT);
		if (!error)
			error = xfs_bunmapi(tp, ip, start, end - start, 0, 2,
					    &done);
		if (error)
			xfs_trans_cancel(tp);
		else
			error = xfs_trans_commit(tp);
		xfs_iunlock(ip, XFS_ILOCK_EXCL);
		if (error)
			return error;
	}
	return 0;
}

/* Note which parts of [start, end) are offline from now on. */
static int
xfs_dm_punch_note(struct xfs_inode *ip, u64 start, u64 end)
{
	const struct xfs_dm_inode	*old;
	struct xfs_dm_inode		*dm;
	u64				granule = xfs_dm_granule(ip);
	unsigned int			i;
	bool				noted = false;

	old = rcu_dereference_protected(ip->i_dm, 1);
	dm = xfs_dm_inode_dup(ip, old->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	for (i = 0; i < dm->nregions; i++) {
		const struct xfs_dm_region *r = &dm->regions[i];
		u64		a = max(start, rounddown_64(r->start, granule));
		u64		b = end;

		if (!(r->flags & DMAPI_REGION_READ))
			continue;
		if (r->end < end)
			b = min(end, roundup_64(r->end, granule));
		if (a >= b)
			continue;
		dm->nspans = xfs_dm_spans_add(dm->spans, dm->nspans, a, b);
		noted = true;
	}
	if (!noted) {
		kvfree(dm);
		return 0;
	}
	return xfs_dm_record_commit(ip, dm);
}

/*
 * Which part of [off, off + len) can be punched?  @start and @end as rounded;
 * @end is the rounded-up end of the file if the range reaches it.
 */
static int
xfs_dm_punch_range(struct xfs_inode *ip, s64 off, u64 len, u64 *start, u64 *end,
		   bool *to_eof)
{
	u64			size = i_size_read(VFS_I(ip));
	u64			granule = xfs_dm_granule(ip);

	if (off < 0)
		return -EINVAL;
	if ((u64)off >= size || len > size - off)
		return -E2BIG;
	*to_eof = !len || off + len == size;
	*start = roundup_64((u64)off, granule);
	if (*to_eof)
		*end = xfs_dm_eof(ip);
	else
		*end = rounddown_64(off + len, granule);
	return 0;
}

/* Punch a hole, with @change only if the data is still of that version. */
static long
xfs_dm_punch(struct xfs_inode *ip, s64 off, u64 len, const u64 *change)
{
	struct xfs_mount	*mp = ip->i_mount;
	pgoff_t			first, last;
	u64			start, end;
	bool			to_eof;
	long			error;

	if (IS_DAX(VFS_I(ip)))
		return -EOPNOTSUPP;
	error = xfs_qm_dqattach(ip);
	if (error)
		return error;
	error = xfs_dm_lock(ip, XFS_DM_LOCK_LAYOUT);
	if (error)
		return error;

	error = xfs_dm_punch_range(ip, off, len, &start, &end, &to_eof);
	if (error)
		goto out_unlock;
	error = -EAGAIN;
	if (start != off || (!to_eof && end != off + len))
		goto out_unlock;

	error = -EBUSY;
	first = start >> PAGE_SHIFT;
	last = to_eof ? ULONG_MAX : (end - 1) >> PAGE_SHIFT;
	if (IS_SWAPFILE(VFS_I(ip)) || xfs_dm_mapped(ip, first, last))
		goto out_unlock;

	error = xfs_dm_hold(ip, first, last);
	if (error)
		goto out_unlock;
	error = xfs_dm_drop(ip, start, to_eof ? XFS_DM_INFINITY : end);
	if (error)
		goto out_release;

	/* @xfs-dm-version { */
	if (change) {
		error = xfs_dm_version_is(ip, *change);
		if (error)
			goto out_release;
	}

	/* } @xfs-dm-version */
	error = xfs_dm_punch_note(ip, start, end);
	if (error)
		goto out_release;
	error = xfs_dm_unmap(ip, XFS_B_TO_FSB(mp, start),
			     to_eof ? XFS_MAX_FILEOFF : XFS_B_TO_FSBT(mp, end));
	if (!error)
		atomic64_inc(&mp->m_dm->freed);
out_release:
	xfs_dm_release(ip);
out_unlock:
	xfs_dm_unlock(ip);
	return error;
}

/*
 * DMAPI_PUNCH_HOLE: E2BIG beyond the end of the file; EAGAIN not aligned as
 * DMAPI_PROBE_HOLE tells; EBUSY mapped, running, or pages that cannot go;
 * EROFS, EIO.
 */
static long
xfs_dm_op_punch_hole(struct xfs_dm_call *call)
{
	struct dmapi_range	*arg = (void *)call->arg.bytes;

	return xfs_dm_punch(call->ip, arg->off, arg->len, NULL);
}

/* @xfs-dm-version { */
/*
 * DMAPI_PUNCH_IF: as DMAPI_PUNCH_HOLE, and ESTALE if the data is not of the
 * version that is asked for.
 */
static long
xfs_dm_op_punch_if(struct xfs_dm_call *call)
{
	struct dmapi_punch_if	*arg = (void *)call->arg.bytes;

	return xfs_dm_punch(call->ip, arg->off, arg->len, &arg->change);
}

/* } @xfs-dm-version */
/*
 * DMAPI_PROBE_HOLE: E2BIG beyond the end of the file; EINVAL if nothing is left
 * after rounding.
 */
static long
xfs_dm_op_probe_hole(struct xfs_dm_call *call)
{
	struct dmapi_probe_hole	*arg = (void *)call->arg.bytes;
	u64			start, end;
	bool			to_eof;
	long			error;

	error = xfs_dm_punch_range(call->ip, arg->off, arg->len, &start, &end,
				   &to_eof);
	if (error)
		return error;
	if (start >= end)
		return -EINVAL;
	if (xfs_dm_put_u64(arg->roffp, start) ||
	    xfs_dm_put_u64(arg->rlenp, to_eof ? 0 : end - start))
		return -EFAULT;
	return 0;
}

/* What DMAPI_GET_ALLOCINFO calls a hole from @pos on, and up to where. */
static int
xfs_dm_alloc_type(struct xfs_inode *ip, u64 pos, u64 size, u64 *end)
{
	struct xfs_mount	*mp = ip->i_mount;
	xfs_fileoff_t		start_fsb = XFS_B_TO_FSBT(mp, pos);
	xfs_fileoff_t		end_fsb = XFS_B_TO_FSB(mp, size);
	struct xfs_bmbt_irec	imap;
	int			nimaps = 1;
	unsigned int		lock;
	int			offline, error;

	offline = xfs_dm_map(ip, start_fsb, &end_fsb);
	if (offline < 0)
		return offline;
	if (!offline) {
		lock = xfs_ilock_data_map_shared(ip);
		error = xfs_bmapi_read(ip, start_fsb, end_fsb - start_fsb,
				       &imap, &nimaps, 0);
		xfs_iunlock(ip, lock);
		if (error)
			return error;
		end_fsb = imap.br_startoff + imap.br_blockcount;
		offline = imap.br_startblock == HOLESTARTBLOCK;
	}
	*end = min_t(u64, size, XFS_FSB_TO_B(mp, end_fsb));
	return offline ? DMAPI_EXTENT_HOLE : DMAPI_EXTENT_RES;
}

/*
 * DMAPI_GET_ALLOCINFO: EINVAL for no room, an offset that is not a block's, or
 * one past the end of the file.  Space that is allocated and not written counts
 * as resident outside of spans, as a hole inside.
 */
static long
xfs_dm_op_get_allocinfo(struct xfs_dm_call *call)
{
	struct dmapi_get_allocinfo	*arg = (void *)call->arg.bytes;
	struct xfs_inode		*ip = call->ip;
	struct dmapi_extent		*ext;
	unsigned int			max = min(arg->nelem, 1024U);
	unsigned int			n = 0;
	u64				size, end;
	s64				pos;
	int				type;
	long				error;

	if (get_user(pos, (s64 __user *)u64_to_user_ptr(arg->offp)))
		return -EFAULT;
	error = xfs_dm_inode_load(ip);
	if (error)
		return error;
	size = i_size_read(VFS_I(ip));
	if (!arg->nelem || arg->pad || pos < 0 || pos > size ||
	    (pos & (i_blocksize(VFS_I(ip)) - 1)))
		return -EINVAL;
	ext = kvcalloc(max, sizeof(*ext), GFP_KERNEL);
	if (!ext)
		return -ENOMEM;

	while (pos < size) {
		type = xfs_dm_alloc_type(ip, pos, size, &end);
		error = type;
		if (type < 0)
			goto out_free;
		if (n == max && ext[n - 1].type != type)
			break;
		if (n && ext[n - 1].type == type) {
			ext[n - 1].length += end - pos;
		} else {
			ext[n].type = type;
			ext[n].offset = pos;
			ext[n++].length = end - pos;
		}
		pos = end;
		cond_resched();
	}

	error = -EFAULT;
	if (xfs_dm_put_u32(arg->nelemp, n) ||
	    copy_to_user(u64_to_user_ptr(arg->extentp), ext, n * sizeof(*ext)))
		goto out_free;
	if (xfs_dm_put_u64(arg->offp, pos < size ? pos : 0))
		goto out_free;
	error = pos < size;
out_free:
	kvfree(ext);
	return error;
}

const struct xfs_dm_op xfs_dm_punch_ops[] = {
	{
		.number	= DMAPI_PUNCH_HOLE,
		.size	= sizeof(struct dmapi_range),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_punch_hole,
	},
	/* @xfs-dm-version { */
	{
		.number	= DMAPI_PUNCH_IF,
		.size	= sizeof(struct dmapi_punch_if),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_punch_if,
	},
	/* } @xfs-dm-version */
	{
		.number	= DMAPI_PROBE_HOLE,
		.size	= sizeof(struct dmapi_probe_hole),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_probe_hole,
	},
	{
		.number	= DMAPI_GET_ALLOCINFO,
		.size	= sizeof(struct dmapi_get_allocinfo),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_get_allocinfo,
	},
	{ },
};
