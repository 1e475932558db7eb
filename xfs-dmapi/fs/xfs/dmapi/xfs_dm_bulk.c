// SPDX-License-Identifier: GPL-2.0-only
/*
 * All objects of a file system
 *
 * A manager looks at a file system as a whole to find what to migrate, what an
 * interrupted migration left behind, and what of its archive is garbage.  That
 * is bulkstat with DMAPI's words in it: a walk through the inode btrees, with
 * the readahead of xfs_iwalk(), inodes that do not stay in the cache for it, and
 * records in the order of their inode numbers.
 *
 * The position is the number of the last inode that was looked at.  So whatever
 * is created, removed or renamed meanwhile, no object is told twice or left out
 * that was there all the time, and any number of scans can run.
 *
 * Records are made in a buffer of the kernel's and copied when it is full, with
 * no inode and no buffer of XFS's held.  A caller who is killed gets no further
 * than the next inode.
 *
 * An object that cannot be described because it is corrupt is not left out in
 * silence: what came before it is delivered, and the next call says EUCLEAN and
 * leaves it behind.
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_iwalk.h"
#include "xfs_trans.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* Bytes that are copied at a time, if records are not longer. */
#define XFS_DM_BULK_PIECE	SZ_32K

/**
 * struct xfs_dm_bulk - a call that scans
 * @mask: DMAPI_AT_*, without 0
 * @base: size of the structure that begins a record
 * @namelen: of the attribute whose value is wanted; 0: none
 * @name: in the root namespace
 * @buf: the caller's
 * @room: bytes left there
 * @copied: bytes that are there
 * @last: where the last record begins, bytes
 * @piece: records that are to be copied
 * @size: of @piece, bytes
 * @longest: what a record can take, bytes
 * @used: bytes of it
 * @loc: the last inode that was looked at
 * @need: size of the record that does not fit; 0: all do
 * @bad: the inode that cannot be described
 */
struct xfs_dm_bulk {
	u32			mask;
	unsigned int		base;
	int			namelen;
	char			name[XFS_DM_ATTR_NAME_MAX];
	char __user		*buf;
	u64			room;
	u64			copied;
	u64			last;
	char			*piece;
	unsigned int		size;
	unsigned int		longest;
	unsigned int		used;
	u64			loc;
	u64			need;
	u64			bad;
};

static int
xfs_dm_bulk_flush(struct xfs_dm_bulk *b)
{
	if (copy_to_user(b->buf + b->copied, b->piece, b->used))
		return -EFAULT;
	b->copied += b->used;
	b->used = 0;
	return 0;
}

/* The value of the attribute; returns its length, 0 if there is none. */
static int
xfs_dm_bulk_value(struct xfs_dm_bulk *b, struct xfs_inode *ip, void *value)
{
	int			len = DMAPI_MAX_ATTRIBUTE_SIZE;
	int			error;

	if (!b->namelen || !xfs_inode_has_attr_fork(ip))
		return 0;
	error = xfs_dm_xattr_read(ip, b->name, b->namelen, value, &len);
	if (error)
		return error == -ENODATA ? 0 : error;
	return len;
}

/* Make the record of an inode behind the others; returns its size. */
static int
xfs_dm_bulk_record(struct xfs_dm_bulk *b, struct xfs_inode *ip)
{
	struct dmapi_xstat	*rec = (void *)b->piece + b->used;
	unsigned int		len = b->base, size;
	int			ret;

	memset(rec, 0, b->base);
	ret = xfs_dm_stat(ip, b->mask, &rec->stat);
	if (ret)
		return ret;
	if (b->mask & DMAPI_AT_HANDLE) {
		rec->stat.handle.offset = len;
		rec->stat.handle.length = DMAPI_HANDLE_LEN;
		xfs_dm_handle_init(ip, (char *)rec + len);
		len += DMAPI_HANDLE_LEN;
	}
	ret = xfs_dm_bulk_value(b, ip, (char *)rec + len);
	if (ret < 0)
		return ret;
	if (ret) {
		rec->attrdata.offset = len;
		rec->attrdata.length = ret;
		len += ret;
	}
	size = round_up(len, 8);
	memset((char *)rec + len, 0, size - len);
	rec->stat.link = size;
	return size;
}

static int
xfs_dm_bulk_get(struct xfs_mount *mp, struct xfs_trans *tp, xfs_ino_t ino,
		struct xfs_inode **ipp)
{
	struct xfs_inode	*ip;
	int			error;

	error = xfs_iget(mp, tp, ino, XFS_IGET_DONTCACHE | XFS_IGET_UNTRUSTED,
			 0, &ip);
	if (error)
		return error;
	/* As bulkstat does: its end would fail, else. */
	if (unlikely(xfs_inode_unlinked_incomplete(ip))) {
		xfs_ilock(ip, XFS_ILOCK_SHARED);
		if (xfs_inode_unlinked_incomplete(ip))
			error = xfs_inode_reload_unlinked_bucket(tp, ip);
		xfs_iunlock(ip, XFS_ILOCK_SHARED);
	}
	if (error) {
		xfs_force_shutdown(mp, SHUTDOWN_CORRUPT_INCORE);
	} else if (xfs_dm_is_internal(ip) || IS_PRIVATE(VFS_I(ip))) {
		error = -ENOENT;
	} else {
		*ipp = ip;
		return 0;
	}
	xfs_irele(ip);
	return error;
}

/* One inode of the walk. */
static int
xfs_dm_bulk_one(struct xfs_mount *mp, struct xfs_trans *tp, xfs_ino_t ino,
		void *data)
{
	struct xfs_dm_bulk	*b = data;
	struct xfs_inode	*ip;
	int			ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();
	if (b->used && (b->used >= XFS_DM_BULK_PIECE ||
			b->size - b->used < b->longest)) {
		ret = xfs_dm_bulk_flush(b);
		if (ret)
			return ret;
	}

	ret = xfs_dm_bulk_get(mp, tp, ino, &ip);
	if (ret == -ENOENT || ret == -EINVAL) {
		b->loc = ino;
		return 0;
	}
	if (!ret) {
		ret = xfs_dm_bulk_record(b, ip);
		xfs_irele(ip);
	}
	if (ret < 0) {
		b->bad = ino;
		return ret;
	}
	if (ret > b->room) {
		b->need = ret;
		return -ECANCELED;
	}
	b->last = b->copied + b->used;
	b->used += ret;
	b->room -= ret;
	b->loc = ino;
	return 0;
}

/* From behind b->loc as far as the room goes; 0 if that was all. */
static int
xfs_dm_bulk_walk(struct xfs_mount *mp, struct xfs_dm_bulk *b)
{
	u64			start = b->loc ? b->loc + 1 : 0;
	struct xfs_trans	*tp;
	int			error;

	if (XFS_INO_TO_AGNO(mp, start) >= mp->m_sb.sb_agcount)
		return 0;
	/* Empty: so that a circle in a btree is found, and not waited for. */
#if XFS_DM_BASE >= 703
	tp = xfs_trans_alloc_empty(mp);
#else
	error = xfs_trans_alloc_empty(mp, &tp);
	if (error)
		return error;
#endif
	error = xfs_iwalk(mp, tp, start, 0, xfs_dm_bulk_one,
			  min_t(u64, div_u64(b->room, b->base), S32_MAX) + 1, b);
	xfs_trans_cancel(tp);
	return error;
}

/* Is it something that a call stored? */
static bool
xfs_dm_bulk_loc_valid(struct xfs_mount *mp, s64 loc)
{
	xfs_agnumber_t		agno;

	if (loc <= 0)
		return !loc;
	if (loc == XFS_DM_LOC_END)
		return true;
	agno = XFS_INO_TO_AGNO(mp, loc);
	return agno < mp->m_sb.sb_agcount &&
	       loc == XFS_AGINO_TO_INO(mp, agno, XFS_INO_TO_AGINO(mp, loc));
}

/**
 * xfs_dm_scan_begin() - what a call that scans was asked for
 * @arg: its structure
 * @mask: result: DMAPI_AT_*, without 0
 * @loc: result: the position, of whatever kind
 *
 * Return: 0; -EINVAL for an unknown bit; -EFAULT.
 */
int
xfs_dm_scan_begin(const struct dmapi_get_bulk *arg, u32 *mask, s64 *loc)
{
	*mask = arg->mask ? arg->mask : XFS_DM_AT_ALL | DMAPI_AT_HANDLE;
	if (*mask & ~(XFS_DM_AT_ALL | DMAPI_AT_HANDLE))
		return -EINVAL;
	if (get_user(*loc, (s64 __user *)u64_to_user_ptr(arg->locp)))
		return -EFAULT;
	return 0;
}

/**
 * xfs_dm_scan_end() - the records are where the caller wants them
 * @arg: its structure
 * @copied: bytes of them
 * @last: where the last one begins, bytes
 * @loc: the position, or XFS_DM_LOC_END
 *
 * Return: 0 or -EFAULT.
 */
int
xfs_dm_scan_end(const struct dmapi_get_bulk *arg, u64 copied, u64 last, u64 loc)
{
	char __user		*buf = u64_to_user_ptr(arg->bufp);

	if (copied && put_user(0, (__s32 __user *)(buf + last)))
		return -EFAULT;
	if (xfs_dm_put_u64(arg->rlenp, copied) || xfs_dm_put_u64(arg->locp, loc))
		return -EFAULT;
	return 0;
}

/* Hand out what there is: 0 if that was all, 1 if not. */
static long
xfs_dm_bulk_finish(struct xfs_dm_bulk *b, const struct dmapi_get_bulk *arg,
		   bool more)
{
	int			error;

	error = xfs_dm_bulk_flush(b);
	if (!error)
		error = xfs_dm_scan_end(arg, b->copied, b->last,
					more ? b->loc : XFS_DM_LOC_END);
	return error ? error : more;
}

static long
xfs_dm_bulk_scan(struct xfs_mount *mp, struct xfs_dm_bulk *b,
		 const struct dmapi_get_bulk *arg)
{
	int			error = 0;

	if (b->loc != XFS_DM_LOC_END)
		error = xfs_dm_bulk_walk(mp, b);
	if (!error)
		return xfs_dm_bulk_finish(b, arg, false);
	if (error == -EFAULT || error == -EINTR)
		return error;
	if (b->copied || b->used)
		return xfs_dm_bulk_finish(b, arg, true);
	if (error == -ECANCELED)
		return xfs_dm_put_u64(arg->rlenp, b->need) ? -EFAULT : -E2BIG;
	if (error != -EFSCORRUPTED && error != -EFSBADCRC)
		return error;
	if (b->bad && xfs_dm_put_u64(arg->locp, b->bad))
		return -EFAULT;
	return -EFSCORRUPTED;
}

static long
xfs_dm_bulk(struct xfs_dm_call *call, struct xfs_dm_bulk *b)
{
	const struct dmapi_get_bulk *arg = (void *)call->arg.bytes;
	struct xfs_mount	*mp = READ_ONCE(call->fs->fs_mount);
	s64			loc;
	long			ret;

	ret = xfs_dm_scan_begin(arg, &b->mask, &loc);
	if (ret)
		return ret;
	if (!xfs_dm_bulk_loc_valid(mp, loc))
		return -EINVAL;
	b->loc = loc;
	b->buf = u64_to_user_ptr(arg->bufp);
	b->room = arg->buflen;
	b->longest = b->base + DMAPI_HANDLE_LEN;
	if (b->namelen)
		b->longest += DMAPI_MAX_ATTRIBUTE_SIZE;
	b->size = XFS_DM_BULK_PIECE + b->longest;
	b->piece = kvmalloc(b->size, GFP_KERNEL);
	if (!b->piece)
		return -ENOMEM;
	ret = xfs_dm_bulk_scan(mp, b, arg);
	kvfree(b->piece);
	return ret;
}

/* DMAPI_GET_BULKATTR */
static long
xfs_dm_op_get_bulkattr(struct xfs_dm_call *call)
{
	const struct dmapi_get_bulk *arg = (void *)call->arg.bytes;
	struct xfs_dm_bulk	b = { .base = sizeof(struct dmapi_stat) };

	if (arg->pad || arg->namep)
		return -EINVAL;
	return xfs_dm_bulk(call, &b);
}

/* DMAPI_GET_BULKALL */
static long
xfs_dm_op_get_bulkall(struct xfs_dm_call *call)
{
	const struct dmapi_get_bulk *arg = (void *)call->arg.bytes;
	struct xfs_dm_bulk	b = { .base = sizeof(struct dmapi_xstat) };
	u8			dmname[DMAPI_ATTR_NAME_SIZE];

	if (arg->pad)
		return -EINVAL;
	if (copy_from_user(dmname, u64_to_user_ptr(arg->namep), sizeof(dmname)))
		return -EFAULT;
	b.namelen = xfs_dm_attr_encode(dmname, b.name);
	if (!b.namelen)
		return -EINVAL;
	return xfs_dm_bulk(call, &b);
}

/* DMAPI_INIT_ATTRLOC */
static long
xfs_dm_op_init_attrloc(struct xfs_dm_call *call)
{
	const struct dmapi_init_attrloc *arg = (void *)call->arg.bytes;

	return xfs_dm_put_u64(arg->locp, 0);
}

const struct xfs_dm_op xfs_dm_bulk_ops[] = {
	{
		.number	= DMAPI_INIT_ATTRLOC,
		.size	= sizeof(struct dmapi_init_attrloc),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_DIR,
		.call	= xfs_dm_op_init_attrloc,
	},
	{
		.number	= DMAPI_GET_BULKATTR,
		.size	= sizeof(struct dmapi_get_bulk),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS,
		.call	= xfs_dm_op_get_bulkattr,
	},
	{
		.number	= DMAPI_GET_BULKALL,
		.size	= sizeof(struct dmapi_get_bulk),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS,
		.call	= xfs_dm_op_get_bulkall,
	},
	{ },
};
