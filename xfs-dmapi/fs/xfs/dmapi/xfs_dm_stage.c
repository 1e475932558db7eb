// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recall without copying
 *
 * The manager writes what comes from the archive into a staged file, at its
 * leisure and with direct I/O, and has the blocks moved into the file whose
 * bytes are offline.  The staged file gets the holes that were there.
 *
 * Blocks are exchanged by the machinery of exchange-range, whose intents are
 * logged: after a crash each piece that was offline has all of its bytes or
 * none.  Resident bytes are never touched, so a piece is what lies between
 * them.  Nobody is told, no time stamp changes, and the data's version stays:
 * like the manager's writing into offline bytes, this brings what they were.
 *
 * A hole of the staged file would make honest zeros of offline bytes, so all of
 * a range must be written there, and the staged file must not end before.
 * That is looked at for all of the range before anything is exchanged.  In the
 * block in which the file ends, the rest is zeroed in the staged file first:
 * mappings would show it.
 *
 * The data is on its way to the device before the exchange is logged, as
 * for a record that declares bytes resident (xfs_dm_region.c).
 */
#include "xfs_dm_compat.h"
#include "xfs_bmap.h"
#include "xfs_bmap_util.h"
#include "xfs_defer.h"
#include "xfs_exchmaps.h"
#include "xfs_exchrange.h"
#include "xfs_inode_fork.h"
#include "xfs_iomap.h"
#include "xfs_quota.h"
#include "xfs_reflink.h"
#include "xfs_trans.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/file.h>

/**
 * struct xfs_dm_stage - a range that is to be filled
 * @ip: the file
 * @stage: the staged file
 * @start: first block of the range
 * @end: the block after the last
 * @from: block of @stage that becomes @start
 */
struct xfs_dm_stage {
	struct xfs_inode	*ip;
	struct xfs_inode	*stage;
	xfs_fileoff_t		start;
	xfs_fileoff_t		end;
	xfs_fileoff_t		from;
};

/* As xfs_dm_lock() with XFS_DM_LOCK_LAYOUT, for both files. */
static int
xfs_dm_stage_lock(struct xfs_inode *ip, struct xfs_inode *stage)
{
	int			error;

again:
	error = xfs_ilock2_io_mmap(ip, stage);
	if (error)
		return error;
	inode_dio_wait(VFS_I(ip));
	inode_dio_wait(VFS_I(stage));
	error = xfs_dm_level_try(ip);
	if (!error)
		return 0;
	xfs_iunlock2_io_mmap(ip, stage);
	if (error > 0) {
		xfs_dm_level_wait(ip);
		goto again;
	}
	return error;
}

static void
xfs_dm_stage_unlock(struct xfs_inode *ip, struct xfs_inode *stage)
{
	sb_end_pagefault(VFS_I(ip)->i_sb);
	xfs_iunlock2_io_mmap(ip, stage);
}

/* Can blocks of this file be given away?  Locked. */
static int
xfs_dm_stage_check(struct xfs_inode *ip, struct xfs_inode *stage)
{
	struct inode		*inode = VFS_I(stage);

	if (IS_IMMUTABLE(inode) || IS_APPEND(inode))
		return -EPERM;
	if (IS_SWAPFILE(inode) || IS_SWAPFILE(VFS_I(ip)))
		return -ETXTBSY;
	if (IS_DAX(inode) || IS_DAX(VFS_I(ip)))
		return -EOPNOTSUPP;
#if XFS_DM_BASE >= 703
	if (xfs_is_zoned_inode(stage) || xfs_is_zoned_inode(ip))
		return -EOPNOTSUPP;
#endif
	if (XFS_IS_REALTIME_INODE(ip) != XFS_IS_REALTIME_INODE(stage))
		return -EINVAL;
	if (rcu_access_pointer(stage->i_dm) != &xfs_dm_none)
		return -EINVAL;
	return xfs_dm_mapped(stage, 0, ULONG_MAX) ? -EBUSY : 0;
}

/* As xfs_dm_drop(), in blocks. */
static int
xfs_dm_stage_drop(struct xfs_inode *ip, xfs_fileoff_t start, xfs_fileoff_t end)
{
	return xfs_dm_drop(ip, XFS_FSB_TO_B(ip->i_mount, start),
			   XFS_FSB_TO_B(ip->i_mount, end));
}

/* Are all blocks of [start, end) data on the device? */
static int
xfs_dm_stage_written(struct xfs_inode *stage, xfs_fileoff_t start,
		     xfs_fileoff_t end)
{
	struct xfs_bmbt_irec	imap;
	struct xfs_iext_cursor	icur;
	unsigned int		lock;
	int			error;

	lock = xfs_ilock_data_map_shared(stage);
	error = xfs_iread_extents(NULL, stage, XFS_DATA_FORK);
	while (!error && start < end) {
		if (!xfs_iext_lookup_extent(stage, &stage->i_df, start, &icur,
					    &imap) ||
		    imap.br_startoff > start ||
		    !xfs_bmap_is_written_extent(&imap))
			error = -ENODATA;
		else
			start = imap.br_startoff + imap.br_blockcount;
	}
	xfs_iunlock(stage, lock);
	return error;
}

/* The next offline piece from @start on: 1, 0 if there is none. */
static int
xfs_dm_stage_next(const struct xfs_dm_stage *s, xfs_fileoff_t *start,
		  xfs_fileoff_t *end)
{
	xfs_fileoff_t		stop;
	int			ret = 0;

	while (*start < s->end) {
		stop = s->end;
		ret = xfs_dm_map(s->ip, *start, &stop);
		if (ret)
			break;
		*start = stop;
	}
	if (ret <= 0)
		return ret;
	/* Extents that are not written end answers; it goes on behind them. */
	for (*end = stop; *end < s->end; *end = stop) {
		stop = s->end;
		ret = xfs_dm_map(s->ip, *end, &stop);
		if (ret <= 0)
			return ret < 0 ? ret : 1;
	}
	return 1;
}

/*
 * Quota as for an exchange: what the file gains, and what is moved at all, since
 * that is what will be accounted.  No limit is in the way of a recall.
 */
static int
xfs_dm_stage_quota(struct xfs_trans *tp, const struct xfs_exchmaps_req *req)
{
	s64			gain = req->ip2_bcount - req->ip1_bcount;
	s64			rtgain = req->ip2_rtbcount - req->ip1_rtbcount;
	int			error;

	if (!XFS_IS_QUOTA_ON(tp->t_mountp) ||
	    (req->ip1->i_udquot == req->ip2->i_udquot &&
	     req->ip1->i_gdquot == req->ip2->i_gdquot &&
	     req->ip1->i_pdquot == req->ip2->i_pdquot))
		return 0;
	if (gain > 0 || rtgain > 0) {
		error = xfs_trans_reserve_quota_nblks(tp, req->ip1,
						      max(gain, 0), max(rtgain, 0), true);
		if (error)
			return error;
	}
	error = xfs_trans_reserve_quota_nblks(tp, req->ip1, req->ip1_bcount,
					      req->ip1_rtbcount, true);
	if (error)
		return error;
	return xfs_trans_reserve_quota_nblks(tp, req->ip2, req->ip2_bcount,
					     req->ip2_rtbcount, true);
}

/* One piece changes hands, all of it or nothing. */
static int
xfs_dm_stage_piece(const struct xfs_dm_stage *s, xfs_fileoff_t start,
		   xfs_fileoff_t end)
{
	struct xfs_mount	*mp = s->ip->i_mount;
	struct xfs_exchmaps_req	req = {
		.ip1		= s->ip,
		.ip2		= s->stage,
		.startoff1	= start,
		.startoff2	= s->from + (start - s->start),
		.blockcount	= end - start,
	};
	struct xfs_trans	*tp;
	int			error;

	error = xfs_exchrange_estimate(&req);
	if (error)
		return error;
	error = xfs_trans_alloc(mp, &M_RES(mp)->tr_write, req.resblks, 0,
				XFS_TRANS_RES_FDBLKS | XFS_TRANS_RESERVE, &tp);
	if (error)
		return error;
	xfs_exchrange_ilock(tp, s->ip, s->stage);
	error = xfs_exchmaps_check_forks(mp, &req);
	if (!error)
		error = xfs_dm_stage_quota(tp, &req);
	if (error) {
		xfs_trans_cancel(tp);
	} else {
		xfs_exchange_mappings(tp, &req);
		error = xfs_trans_commit(tp);
	}
	xfs_exchrange_iunlock(s->ip, s->stage);
	return error;
}

/*
 * Look at, or exchange, all offline pieces.  A piece that does not consist of
 * whole allocation units has resident neighbours in one, which must stay.
 */
static int
xfs_dm_stage_pieces(const struct xfs_dm_stage *s, bool look)
{
	struct xfs_mount	*mp = s->ip->i_mount;
	u32			unit = xfs_inode_alloc_unitsize(s->ip);
	xfs_fileoff_t		start = s->start;
	xfs_fileoff_t		end, from;
	int			ret;

	while ((ret = xfs_dm_stage_next(s, &start, &end)) > 0) {
		from = s->from + (start - s->start);
		ret = -EINVAL;
		if (!xfs_dm_is_multiple(XFS_FSB_TO_B(mp, start), unit) ||
		    !xfs_dm_is_multiple(XFS_FSB_TO_B(mp, end), unit))
			return ret;
		if (look)
			ret = xfs_dm_stage_written(s->stage, from,
						   from + (end - start));
		else
			ret = xfs_dm_stage_drop(s->ip, start, end);
		if (!ret && !look)
			ret = xfs_dm_stage_piece(s, start, end);
		if (ret)
			return ret;
		start = end;
		ret = -EINTR;
		if (fatal_signal_pending(current))
			return ret;
		cond_resched();
	}
	return ret;
}

/* Both files are locked and all of the arguments are in range. */
static int
xfs_dm_stage_locked(struct xfs_inode *ip, struct xfs_inode *stage, u64 from,
		    u64 off, u64 len)
{
	struct xfs_mount	*mp = ip->i_mount;
	u32			unit = xfs_inode_alloc_unitsize(ip);
	u64			size = XFS_ISIZE(ip);
	u64			whole;
	struct xfs_dm_stage	s = {
		.ip	= ip,
		.stage	= stage,
		.start	= XFS_B_TO_FSBT(mp, off),
		.from	= XFS_B_TO_FSBT(mp, from),
	};
	int			error;

	if (off >= size)
		return -EINVAL;
	if (!len || len > size - off)
		len = size - off;
	whole = off + len == size ? roundup_64(off + len, unit) - off : len;
	if (!xfs_dm_is_multiple(off, unit) || !xfs_dm_is_multiple(from, unit) ||
	    !xfs_dm_is_multiple(whole, unit))
		return -EINVAL;
	s.end = s.start + XFS_B_TO_FSB(mp, whole);

	/* What lies behind its end counts as written nowhere. */
	if (from + len > XFS_ISIZE(stage))
		return -ENODATA;
	if (len < whole && from + len < XFS_ISIZE(stage)) {
		u64		rest = whole - len;

		rest = min_t(u64, rest, XFS_ISIZE(stage) - from - len);
		error = xfs_dm_zero_range(stage, from + len, rest);
		if (error)
			return error;
	}
	error = xfs_dm_flush(stage, 0, XFS_DM_INFINITY);
	if (error)
		return error;
	error = xfs_dm_stage_drop(stage, s.from, s.from + (s.end - s.start));
	if (error)
		return error;

	error = xfs_dm_stage_pieces(&s, true);
	if (error)
		return error;
	return xfs_dm_stage_pieces(&s, false);
}

/*
 * DMAPI_STAGE: EBADF the descriptor is not open for reading and writing; EXDEV
 * another file system; EINVAL the same file, no regular one, one with DM state,
 * on another device, an offset that is negative or behind the end, or a range
 * or a piece of it that is not in whole allocation units; EOPNOTSUPP no
 * exchange-range, DAX, zoned; EPERM the staged file is immutable; ETXTBSY a
 * swap file; EBUSY the staged file is mapped or its pages are in use; ESTALE
 * the data is of another version; ENODATA the staged file has a hole where a
 * byte is offline: nothing is changed by any of these.  ENOSPC, EINTR, EIO: pieces
 * before may have been brought back.
 */
static long
xfs_dm_op_stage(struct xfs_dm_call *call)
{
	struct dmapi_stage	*arg = (void *)call->arg.bytes;
	struct xfs_inode	*ip = call->ip;
	struct file		*file;
	struct xfs_inode	*stage;
	u64			max = VFS_I(ip)->i_sb->s_maxbytes;
	long			error;

	if (arg->pad || arg->off < 0 || arg->stage_off < 0 ||
	    arg->off > max || arg->stage_off > max || arg->len > max)
		return -EINVAL;
	file = fget(arg->fd);
	if (!file)
		return -EBADF;
	stage = XFS_I(file_inode(file));
	error = -EXDEV;
	if (file_inode(file)->i_sb != VFS_I(ip)->i_sb)
		goto out_fput;
	error = -EINVAL;
	if (stage == ip || !S_ISREG(file_inode(file)->i_mode))
		goto out_fput;
	error = -EBADF;
	if (!(file->f_mode & FMODE_READ) || !(file->f_mode & FMODE_WRITE) ||
	    (file->f_flags & O_APPEND))
		goto out_fput;
	error = -EOPNOTSUPP;
	if (!xfs_has_exchange_range(ip->i_mount))
		goto out_fput;
	error = xfs_qm_dqattach(ip);
	if (!error)
		error = xfs_qm_dqattach(stage);
	if (!error)
		error = xfs_dm_inode_load(ip);
	if (!error)
		error = xfs_dm_inode_load(stage);
	/* Data first: the locks are held for as long as this takes again. */
	if (!error)
		error = xfs_dm_flush(stage, 0, XFS_DM_INFINITY);
	if (!error)
		error = xfs_dm_stage_lock(ip, stage);
	if (error)
		goto out_fput;

	error = xfs_dm_stage_check(ip, stage);
	if (!error && arg->change)
		error = xfs_dm_version_is(ip, arg->change);
	if (!error)
		error = xfs_dm_stage_locked(ip, stage, arg->stage_off, arg->off,
					    arg->len);
	xfs_dm_stage_unlock(ip, stage);
out_fput:
	fput(file);
	return error;
}

const struct xfs_dm_op xfs_dm_stage_ops[] = {
	{
		.number	= DMAPI_STAGE,
		.size	= sizeof(struct dmapi_stage),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_stage,
	},
	{ },
};
