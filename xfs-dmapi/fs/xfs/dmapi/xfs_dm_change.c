// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of a managed file's data
 *
 * Whoever writes, truncates, preallocates or remaps asks first, with the IOLOCK
 * held exclusively or, for a write, shared.  An event may be needed
 *
 *	because a region is armed for WRITE or TRUNCATE,
 *	because the range holds offline bytes, with which new data must not mix,
 *	because the change takes away a part of a page whose rest is offline:
 *	the size before or after it lies in the middle of one.
 *
 * Then everything unwinds and comes back (xfs_dm_want.c).
 *
 * What is admitted may leave holes of the user's own where a span is: spans are
 * taken away there before it begins, or honest zeros would read as EIO for
 * ever.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/* Does growing change the state? */
static bool
xfs_dm_grow_matters(struct xfs_inode *ip)
{
	const struct xfs_dm_inode	*dm;
	bool				pending;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	pending = dm && dm->pending > XFS_ISIZE(ip);
	rcu_read_unlock();
	return pending || xfs_dm_has_span(ip, xfs_dm_eof(ip));
}

/*
 * The file is about to grow, by a write of [pos, end) or so that it ends at both.
 * Spans beyond its end are from before a truncation: what comes to lie there now
 * are honest zeros, so they go first.
 */
static int
xfs_dm_clip(struct xfs_inode *ip, u64 pos, u64 end, unsigned int how)
{
	struct xfs_dm_inode	*dm;

	if (!xfs_dm_grow_matters(ip))
		return 0;
	/* A transaction may block. */
	if (how & XFS_DM_NOWAIT)
		return -EAGAIN;
	dm = rcu_dereference_protected(ip->i_dm, 1);
	if (dm->broken)
		return -EIO;
	if (dm->pending > XFS_ISIZE(ip))
		return xfs_dm_pending_grow(ip, pos, end);
	dm = xfs_dm_inode_dup(ip, dm->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	return xfs_dm_record_commit(ip, dm);
}

/**
 * xfs_dm_tail_offline() - is a byte offline in the page in which the file ends?
 * @ip: the file, loaded; not under ILOCK
 * @pos: where it ends, or will, bytes
 *
 * Return: 1 if so; 0 if not, or if a page begins there; negated errno.
 */
int
xfs_dm_tail_offline(struct xfs_inode *ip, u64 pos)
{
	u64			page = xfs_dm_page(ip);
	u64			start = rounddown_64(pos, page);

	if (start == pos)
		return 0;
	return xfs_dm_range_offline(ip, start, start + page);
}

/* Then it is wanted back. */
static int
xfs_dm_want_tail(struct xfs_inode *ip, u64 pos, unsigned int how)
{
	u64			page = xfs_dm_page(ip);
	int			ret = xfs_dm_tail_offline(ip, pos);

	if (ret <= 0)
		return ret;
	return xfs_dm_want(ip, DMAPI_EVENT_READ, rounddown_64(pos, page), page,
			   how);
}

/**
 * xfs_dm_grow() - a file is about to become longer
 * @ip: the file, IOLOCK held exclusively, loaded
 * @pos: first byte that is about to be written, or the new size
 * @end: the byte after the last, or the new size
 * @how: as for xfs_dm_want()
 *
 * Return: as xfs_dm_want(), which is asked if the file ends inside an offline
 * page; or -EIO as xfs_dm_pending_grow().
 */
int
xfs_dm_grow(struct xfs_inode *ip, u64 pos, u64 end, unsigned int how)
{
	int			error;

	error = xfs_dm_want_tail(ip, XFS_ISIZE(ip), how);
	if (error)
		return error;
	return xfs_dm_clip(ip, pos, end, how);
}

int
__xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize)
{
	int			error;

	/* What fails for another reason raises nothing. */
	error = inode_newsize_ok(VFS_I(ip), newsize);
	if (error)
		return error;
	error = xfs_dm_want(ip, DMAPI_EVENT_TRUNCATE, newsize, 0, 0);
	if (error)
		return error;
	if (newsize > XFS_ISIZE(ip))
		error = xfs_dm_grow(ip, newsize, newsize, 0);
	else
		error = xfs_dm_want_tail(ip, newsize, 0);
	if (!error && newsize < XFS_ISIZE(ip))
		error = xfs_dm_shrink(ip);
	if (!error)						/* @xfs-dm-version */
		error = xfs_dm_changing(ip, false);		/* @xfs-dm-version */
	return error;
}

int
__xfs_dm_write_checks(struct xfs_inode *ip, struct kiocb *iocb, size_t count,
		      bool excl)
{
	unsigned int		how = 0;
	u64			pos = iocb->ki_pos;
	int			error;

	if (iocb->ki_flags & IOCB_NOWAIT)
		how = XFS_DM_NOWAIT;
	if (iocb->ki_filp->f_flags & O_NONBLOCK)
		how |= XFS_DM_NODELAY;
	error = xfs_dm_want(ip, DMAPI_EVENT_WRITE, pos, count, how);
	if (!error && pos + count > XFS_ISIZE(ip)) {
		if (excl)
			error = xfs_dm_grow(ip, pos, pos + count, how);
		else
			error = xfs_dm_want_tail(ip, XFS_ISIZE(ip), how);
	}
	if (!error)						/* @xfs-dm-version */
		error = xfs_dm_changing(ip, how & XFS_DM_NOWAIT); /* @xfs-dm-version */
	return error;
}

/* A write that ends at @end takes spans away and must not share the IOLOCK. */
bool
__xfs_dm_wants_excl(struct xfs_inode *ip, loff_t end)
{
	return end > XFS_ISIZE(ip) && xfs_dm_grow_matters(ip);
}

/*
 * The pages in which a range begins and ends have to be here as a whole: their
 * spans will go.
 */
static int
xfs_dm_want_edges(struct xfs_inode *ip, u64 start, u64 end)
{
	int			error;

	error = xfs_dm_want_tail(ip, start, 0);
	if (!error && end < XFS_ISIZE(ip))
		error = xfs_dm_want_tail(ip, end, 0);
	return error;
}

/*
 * Resident bytes are about to become zeros of the user's own, or to move.  The
 * holes that this makes are not offline, so no span may hold them.  A page of
 * which only a part becomes a hole keeps the rest of its blocks, written; the
 * caller has made sure that they are (xfs_dm_want_edges()).
 */
static int
xfs_dm_excise(struct xfs_inode *ip, u64 start, u64 end)
{
	unsigned int		page = xfs_dm_page(ip);
	struct xfs_dm_inode	*dm;

	start = rounddown_64(start, page);
	end = end > S64_MAX - page ? S64_MAX : roundup_64(end, page);
	dm = rcu_dereference_protected(ip->i_dm, 1);
	if (dm->broken)
		return -EIO;
	if (!xfs_dm_spans_overlap(dm->spans, dm->nspans, start, end))
		return 0;
	dm = xfs_dm_inode_dup(ip, dm->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	dm->nspans = xfs_dm_spans_remove(dm->spans, dm->nspans, start, end);
	return xfs_dm_record_commit(ip, dm);
}

/*
 * Everything from @pos on is about to move, and its regions move with it.  All
 * of it must be here, since spans do not: a stub that was moved would not be
 * found by the manager who has to fill it.
 *
 * What XFS will refuse changes nothing here.  A shift that fails half way, for
 * lack of space, leaves a file whose data is in neither place, and so may its
 * regions be.
 */
static int
xfs_dm_shift(struct xfs_inode *ip, bool insert, u64 pos, u64 len)
{
	u64			size = XFS_ISIZE(ip);
	u32			unit = xfs_inode_alloc_unitsize(ip);
	struct xfs_dm_inode	*dm;
	int			error;

	if (pos >= size || (!insert && len >= size - pos) ||
	    (insert && len > VFS_I(ip)->i_sb->s_maxbytes - size) ||
	    !xfs_dm_is_multiple(pos, unit) || !xfs_dm_is_multiple(len, unit))
		return 0;
	error = xfs_dm_want_tail(ip, pos, 0);
	if (!error)
		error = xfs_dm_want(ip, DMAPI_EVENT_WRITE, pos, size - pos, 0);
	if (!error && insert)
		error = xfs_dm_want_tail(ip, size, 0);
	if (error)
		return error == -EIO ? -EBUSY : error;

	dm = rcu_dereference_protected(ip->i_dm, 1);
	if (dm->broken)
		return -EBUSY;
	dm = xfs_dm_inode_dup(ip, dm->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	dm->nspans = xfs_dm_spans_remove(dm->spans, dm->nspans,
					 rounddown_64(pos, xfs_dm_page(ip)),
					 S64_MAX);
	if (insert)
		dm->nregions = xfs_dm_regions_insert(dm->regions, dm->nregions,
						     pos, pos + len);
	else
		dm->nregions = xfs_dm_regions_collapse(dm->regions,
						       dm->nregions, pos,
						       pos + len);
	error = xfs_dm_record_commit(ip, dm);
	if (!error)
		xfs_dm_final();
	return error;
}

/* What leaves zeros of the user's own, as holes at least in between. */
#if XFS_DM_BASE >= 703
#define XFS_DM_ZEROES	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | \
			 FALLOC_FL_WRITE_ZEROES)
#else
#define XFS_DM_ZEROES	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)
#endif

static int
xfs_dm_want_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len)
{
	u64			size = XFS_ISIZE(ip);
	u64			end = pos + len;
	u64			first = pos, last = end;
	int			error;

	error = xfs_dm_inode_load(ip);
	if (error)
		return error;
	/* @xfs-dm-rights { */
	/* Also for what needs no event. */
	error = xfs_dm_exclude(ip, DMAPI_EVENT_WRITE, pos, len, 0);
	if (error)
		return error;
	/* } @xfs-dm-rights */
	if (mode & XFS_DM_SHIFTS)
		return xfs_dm_shift(ip, mode & FALLOC_FL_INSERT_RANGE, pos,
				    len);

	/*
	 * The event's range ends where the file does.  What is punched or
	 * zeroed in part of a page needs the rest of it.
	 */
	if (mode & XFS_DM_ZEROES) {
		error = xfs_dm_want_edges(ip, first, last);
		if (error)
			return error;
	}
	if (mode & FALLOC_FL_KEEP_SIZE)
		last = min(last, size);
	if (first < last) {
		error = xfs_dm_want(ip, DMAPI_EVENT_WRITE, first, last - first,
				    0);
		if (error)
			return error;
	}
	if (mode & XFS_DM_ZEROES) {
		error = xfs_dm_excise(ip, pos, end);
		if (error)
			return error;
	}
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > size)
		return xfs_dm_grow(ip, end, end, 0);
	return 0;
}

int
__xfs_dm_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len)
{
	int			error;

	error = xfs_dm_want_fallocate(ip, mode, pos, len);
	if (!error)						/* @xfs-dm-version */
		error = xfs_dm_changing(ip, false);		/* @xfs-dm-version */
	return error;
}

int
__xfs_dm_remap_src(struct xfs_inode *ip, loff_t pos, u64 len)
{
	return xfs_dm_want(ip, DMAPI_EVENT_READ, pos, len, 0);
}

/*
 * Blocks of another file are about to be mapped into this one.  Where that file
 * has a hole, this one gets a hole of its owner's, which is not offline.
 */
static int
xfs_dm_want_remap(struct xfs_inode *ip, loff_t pos, u64 len)
{
	int			error;

	error = xfs_dm_want_edges(ip, pos, pos + len);
	if (!error)
		error = xfs_dm_want(ip, DMAPI_EVENT_WRITE, pos, len, 0);
	if (!error && pos + len > XFS_ISIZE(ip))
		error = xfs_dm_grow(ip, pos, pos + len, 0);
	if (error)
		return error;
	return xfs_dm_excise(ip, pos, pos + len);
}

int
__xfs_dm_remap_dest(struct xfs_inode *ip, loff_t pos, u64 len)
{
	int			error;

	error = xfs_dm_want_remap(ip, pos, len);
	if (!error)						/* @xfs-dm-version */
		error = xfs_dm_changing(ip, false);		/* @xfs-dm-version */
	return error;
}

/*
 * A range is about to be exchanged with one of another file: both are read and
 * written.  Regions stay with their files.
 */
int
__xfs_dm_exchange(struct xfs_inode *ip, loff_t pos, u64 len)
{
	int			error;

	error = xfs_dm_want_remap(ip, pos, len);
	if (!error)
		error = xfs_dm_want(ip, DMAPI_EVENT_READ, pos, len,
				    XFS_DM_IF_ALONE);
	if (!error)						/* @xfs-dm-version */
		error = xfs_dm_changing(ip, false);		/* @xfs-dm-version */
	return error;
}
