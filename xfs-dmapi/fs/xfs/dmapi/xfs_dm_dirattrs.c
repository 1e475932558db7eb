// SPDX-License-Identifier: GPL-2.0-only
/*
 * All entries of a directory
 *
 * A listing with the attributes of what the names lead to.  It is readdir() and a
 * look at each inode, and its position is readdir()'s: it stays good while names
 * come and go.  No time stamp changes and nothing is raised.
 *
 * Names and inodes are matched under the directory's IOLOCK, which keeps every
 * entry, and so its inode, what it is.  Names are gathered first, then the
 * inodes are looked at, then the lock is dropped and the piece is copied.
 *
 * An entry whose inode cannot be read has a name and an inode number alone.
 */
#include "xfs_dm_compat.h"
#include "xfs_dir2.h"
#include "xfs_dir2_priv.h"
#include "xfs_icache.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* Bytes that are gathered at a time. */
#define XFS_DM_DIR_PIECE	SZ_32K

/**
 * struct xfs_dm_dirattrs - a call that lists
 * @ctx: readdir()'s part of it
 * @mask: DMAPI_AT_*, without 0
 * @buf: the caller's
 * @room: bytes left there
 * @copied: bytes that are there
 * @last: where the last record begins, bytes
 * @piece: XFS_DM_DIR_PIECE bytes of records
 * @used: bytes of it
 * @pos: where to go on
 * @stopped: an entry did not fit into @piece, or
 * @full: into @buf
 */
struct xfs_dm_dirattrs {
	struct dir_context	ctx;
	u32			mask;
	char __user		*buf;
	u64			room;
	u64			copied;
	u64			last;
	char			*piece;
	unsigned int		used;
	loff_t			pos;
	bool			stopped;
	bool			full;
};

/* An entry: make room for it, and keep its name and inode number. */
static bool
xfs_dm_dirattrs_name(struct dir_context *ctx, const char *name, int namelen,
		     loff_t pos, u64 ino, unsigned int type)
{
	struct xfs_dm_dirattrs	*d = container_of(ctx, struct xfs_dm_dirattrs,
						  ctx);
	struct dmapi_stat	*rec = (void *)d->piece + d->used;
	unsigned int		at = sizeof(*rec), size;

	if (d->mask & DMAPI_AT_HANDLE)
		at += DMAPI_HANDLE_LEN;
	size = round_up(at + namelen + 1, 8);
	d->pos = pos;
	d->full = size > d->room;
	d->stopped = d->full || size > XFS_DM_DIR_PIECE - d->used;
	if (d->stopped)
		return false;

	memset(rec, 0, size);
	rec->link = size;
	rec->compname.offset = at;
	rec->compname.length = namelen + 1;
	rec->ino = ino;
	memcpy((char *)rec + at, name, namelen);
	d->last = d->copied + d->used;
	d->used += size;
	d->room -= size;
	return true;
}

/* What the name leads to.  The directory's IOLOCK is held. */
static int
xfs_dm_dirattrs_inode(struct xfs_dm_dirattrs *d, struct xfs_mount *mp,
		      struct dmapi_stat *rec)
{
	struct dmapi_stat	st = *rec;
	struct xfs_inode	*ip;
	int			error;

	error = xfs_iget(mp, NULL, rec->ino, XFS_IGET_DONTCACHE, 0, &ip);
	if (error)
		return error;
	error = xfs_dm_stat(ip, d->mask, &st);
	if (!error) {
		if (!(d->mask & DMAPI_AT_STAT))
			st.ino = 0;
		if (d->mask & DMAPI_AT_HANDLE) {
			st.handle.offset = sizeof(st);
			st.handle.length = DMAPI_HANDLE_LEN;
			xfs_dm_handle_init(ip, rec + 1);
		}
		*rec = st;
	}
	xfs_irele(ip);
	return error;
}

static int
xfs_dm_dirattrs_fill(struct xfs_dm_dirattrs *d, struct xfs_mount *mp)
{
	struct dmapi_stat	*rec;
	unsigned int		at;
	int			error;

	for (at = 0; at < d->used; at += rec->link) {
		rec = (void *)d->piece + at;
		error = xfs_dm_dirattrs_inode(d, mp, rec);
		if (error == -ENOMEM)
			return error;
		if (xfs_is_shutdown(mp))
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* One piece, from d->pos on. */
static int
xfs_dm_dirattrs_piece(struct xfs_dm_dirattrs *d, struct xfs_inode *dp)
{
	int			error;

	d->used = 0;
	d->stopped = false;
	d->ctx.pos = d->pos;
	xfs_ilock(dp, XFS_IOLOCK_SHARED);
	error = -EBADF;
	if (!IS_DEADDIR(VFS_I(dp)))
		error = xfs_readdir(NULL, dp, &d->ctx,
				    min_t(u64, XFS_READDIR_BUFSIZE,
					  dp->i_disk_size));
	if (!error)
		error = xfs_dm_dirattrs_fill(d, dp->i_mount);
	xfs_iunlock(dp, XFS_IOLOCK_SHARED);
	if (error)
		return error;
	if (copy_to_user(d->buf + d->copied, d->piece, d->used))
		return -EFAULT;
	d->copied += d->used;
	return 0;
}

static long
xfs_dm_dirattrs_list(struct xfs_dm_dirattrs *d, struct xfs_inode *dp,
		     const struct dmapi_get_bulk *arg)
{
	bool			more = false;
	int			error;

	if (d->pos != XFS_DM_LOC_END) {
		do {
			error = xfs_dm_dirattrs_piece(d, dp);
			if (error)
				return error;
		} while (d->stopped && !d->full);
		more = d->stopped;
	}
	/* Not even the first one fits. */
	if (more && !d->copied)
		return xfs_dm_put_u64(arg->rlenp, 0) ? -EFAULT : 1;
	error = xfs_dm_scan_end(arg, d->copied, d->last,
				more ? d->pos : XFS_DM_LOC_END);
	return error ? error : more;
}

/* DMAPI_GET_DIRATTRS */
static long
xfs_dm_op_get_dirattrs(struct xfs_dm_call *call)
{
	const struct dmapi_get_bulk *arg = (void *)call->arg.bytes;
	struct xfs_dm_dirattrs	d = {
		.ctx.actor	= xfs_dm_dirattrs_name,
		.buf		= u64_to_user_ptr(arg->bufp),
		.room		= arg->buflen,
	};
	s64			loc;
	long			ret;

	if (arg->pad || arg->namep)
		return -EINVAL;
	ret = xfs_dm_scan_begin(arg, &d.mask, &loc);
	if (ret)
		return ret;
	if (loc != XFS_DM_LOC_END && (loc < 0 || loc > S32_MAX))
		return -EINVAL;
	d.pos = loc;
	d.piece = kvmalloc(XFS_DM_DIR_PIECE, GFP_KERNEL);
	if (!d.piece)
		return -ENOMEM;
	ret = xfs_dm_dirattrs_list(&d, call->ip, arg);
	kvfree(d.piece);
	return ret;
}

const struct xfs_dm_op xfs_dm_dirattrs_ops[] = {
	{
		.number	= DMAPI_GET_DIRATTRS,
		.size	= sizeof(struct dmapi_get_bulk),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_DIR,
		.call	= xfs_dm_op_get_dirattrs,
	},
	{ },
};
