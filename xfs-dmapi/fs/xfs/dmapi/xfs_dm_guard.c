// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard: no offline byte passes as a zero
 *
 * A byte is offline if it lies in a span and no written extent of the data fork
 * backs it.  Delayed allocation and unwritten extents count as nothing: in the
 * midst of a recall a neighbour's readahead would otherwise make a folio of
 * zeros over them, which outlives a recall that fails.
 *
 * All ways to a file's data ask XFS for a mapping, and the functions that hand
 * them out ask here, under the ILOCK.  Reads get written extents alone, cut off
 * where the answer changes, so that a readahead which runs from resident bytes
 * into offline ones fills the first and leaves the others not up to date.  From
 * this it follows that no folio that is up to date covers an offline byte, and
 * so whoever finds data in the page cache, a fault-around among them, finds the
 * right data.
 *
 * Writes would mix with what a later recall brings; only the manager's own pass
 * (dm->writer).  Questions where data is (SEEK_HOLE, SEEK_DATA, FIEMAP) are
 * answered with data of unknown place, or a copying tool would skip the range
 * and make a file of zeros.  Operations that give the extent map itself away
 * are refused.
 *
 * Nothing here waits, and nothing depends on sessions, events or the mount
 * option.  The error is EIO throughout and never EAGAIN, which callers take for
 * an invitation to try again at once.
 */
#include "xfs_dm_compat.h"
#include "xfs_bmap.h"
#include "xfs_iomap.h"
#include "xfs_inode_fork.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/*
 * Find the span at @pos, or the next one.  Return false if there is none from
 * here on.
 */
static bool
xfs_dm_next_span(struct xfs_inode *ip, u64 pos, struct xfs_dm_span *span)
{
	const struct xfs_dm_inode	*dm;
	const struct xfs_dm_span	*s = NULL;
	bool				found = false;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	if (dm ? dm->broken : xfs_dm_witness_valid(ip)) {
		span->start = 0;
		span->end = S64_MAX;
		found = true;
	} else if (dm) {
		s = xfs_dm_spans_find(dm->spans, dm->nspans, pos);
		if (s) {
			*span = *s;
			found = true;
		}
	}
	rcu_read_unlock();
	return found;
}

/**
 * xfs_dm_has_span() - is there a span at @pos or after it?
 * @ip: the file
 * @pos: byte
 */
bool
xfs_dm_has_span(struct xfs_inode *ip, u64 pos)
{
	struct xfs_dm_span	span;

	return xfs_dm_next_span(ip, pos, &span);
}

/*
 * Is the block at @start offline?  1 if so, and @end moves to where that ends;
 * 0 if not, and @end comes down to where the answer may change.  ILOCK held.
 */
static int
xfs_dm_probe(struct xfs_inode *ip, xfs_fileoff_t start, xfs_fileoff_t *end)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct xfs_dm_span	span;
	struct xfs_bmbt_irec	imap;
	struct xfs_iext_cursor	icur;
	xfs_fileoff_t		stop;
	int			error;

	if (!xfs_dm_next_span(ip, XFS_FSB_TO_B(mp, start), &span))
		return 0;
	stop = XFS_B_TO_FSBT(mp, span.start);
	if (start < stop) {
		*end = min(*end, stop);
		return 0;
	}

	error = xfs_iread_extents(NULL, ip, XFS_DATA_FORK);
	if (error)
		return error;
	stop = XFS_B_TO_FSB(mp, span.end);
	if (xfs_iext_lookup_extent(ip, &ip->i_df, start, &icur, &imap)) {
		xfs_fileoff_t	next = imap.br_startoff + imap.br_blockcount;

		if (imap.br_startoff > start) {
			next = imap.br_startoff;
		} else if (xfs_bmap_is_written_extent(&imap)) {
			*end = min(*end, next);
			return 0;
		}
		stop = min(stop, next);
	}
	*end = min(*end, stop);
	return 1;
}

int
__xfs_dm_guard_read(struct xfs_inode *ip, unsigned int flags,
		    xfs_fileoff_t start, xfs_fileoff_t *end,
		    struct iomap *iomap)
{
	struct xfs_mount	*mp = ip->i_mount;
	int			ret;

	ret = xfs_dm_probe(ip, start, end);
	if (ret <= 0)
		return ret;
	/* Behind the end there is nothing; spans go before it moves there. */
	if (XFS_FSB_TO_B(mp, start) >= xfs_dm_eof(ip))
		return 0;
	if (!(flags & IOMAP_REPORT))
		return -EIO;

	memset(iomap, 0, sizeof(*iomap));
	iomap->addr = IOMAP_NULL_ADDR;
	iomap->type = IOMAP_DELALLOC;
	/* @xfs-dm-backup { */
	if (xfs_dm_backup_has_record(ip))
		iomap->type = IOMAP_HOLE;
	/* } @xfs-dm-backup */
	iomap->offset = XFS_FSB_TO_B(mp, start);
	iomap->length = XFS_FSB_TO_B(mp, *end - start);
	iomap->bdev = xfs_inode_buftarg(ip)->bt_bdev;
	return 1;
}

/*
 * One sector that is somewhere else, if some may be.  Nothing is read for this:
 * the witness is enough.
 */
u64
__xfs_dm_blocks(struct xfs_inode *ip)
{
	struct xfs_dm_span	span;

	return i_size_read(VFS_I(ip)) && xfs_dm_next_span(ip, 0, &span);
}

/* 1 if a block of the range is offline, 0 if none is.  ILOCK held. */
static int
xfs_dm_blocks_offline(struct xfs_inode *ip, xfs_fileoff_t start,
		      xfs_fileoff_t end)
{
	int			ret;

	while (start < end) {
		xfs_fileoff_t	stop = end;

		ret = xfs_dm_probe(ip, start, &stop);
		if (ret)
			return ret;
		start = stop;
	}
	return 0;
}

int
__xfs_dm_guard_write(struct xfs_inode *ip, unsigned int flags,
		     xfs_fileoff_t start, xfs_fileoff_t end)
{
	const struct xfs_dm_inode	*dm;
	bool				pass;
	int				ret;

	/* These skip holes, and write zeros only where zeros are. */
	if (flags & (IOMAP_ZERO | IOMAP_UNSHARE))
		return 0;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	pass = dm && dm->writer == current;
	rcu_read_unlock();
	if (pass)
		return 0;

	ret = xfs_dm_blocks_offline(ip, start, end);
	return ret > 0 ? -EIO : ret;
}

/**
 * xfs_dm_map() - is a block offline, and up to where is the answer the same?
 * @ip: the file, loaded; not under ILOCK
 * @start: the block
 * @end: in: how far to look; out: where the answer may change
 *
 * Return: 1 if it is offline, 0 if not, negated errno.
 */
int
xfs_dm_map(struct xfs_inode *ip, xfs_fileoff_t start, xfs_fileoff_t *end)
{
	unsigned int		lock;
	int			ret;

	lock = xfs_ilock_data_map_shared(ip);
	ret = xfs_dm_probe(ip, start, end);
	xfs_iunlock(ip, lock);
	return ret;
}

/**
 * xfs_dm_range_offline() - is some byte of a range offline?
 * @ip: the file, loaded; not under ILOCK
 * @start: first byte
 * @end: the byte after the last
 *
 * Return: 1 if so, 0 if not, negated errno.
 */
int
xfs_dm_range_offline(struct xfs_inode *ip, u64 start, u64 end)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct xfs_dm_span	span;
	unsigned int		lock;
	int			ret;

	end = min_t(u64, end, XFS_ISIZE(ip));
	if (start >= end ||
	    !xfs_dm_next_span(ip, start, &span) || span.start >= end)
		return 0;

	lock = xfs_ilock_data_map_shared(ip);
	ret = xfs_dm_blocks_offline(ip, XFS_B_TO_FSBT(mp, start),
				    XFS_B_TO_FSB(mp, end));
	xfs_iunlock(ip, lock);
	return ret;
}

/**
 * __xfs_dm_refuse() - EIO if some byte of a range is offline
 * @ip: the file, IOLOCK or mmap_lock held
 * @pos: first byte
 * @len: bytes
 *
 * For operations that nobody can make wait.
 */
int
__xfs_dm_refuse(struct xfs_inode *ip, loff_t pos, u64 len)
{
	u64			end = pos + len;
	int			ret;

	ret = xfs_dm_inode_load(ip);
	if (ret)
		return ret;
	if (end < pos || end > S64_MAX)
		end = S64_MAX;
	ret = xfs_dm_range_offline(ip, pos, end);
	return ret > 0 ? -EIO : ret;
}

int
__xfs_dm_refuse_swap(struct xfs_inode *ip)
{
	const struct xfs_dm_inode	*dm;
	int				error;

	error = xfs_dm_inode_load(ip);
	if (error)
		return error;
	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	/* A record that only numbers the data keeps nobody from anything. */
	if (dm->nregions || dm->nspans || dm->broken)
		error = -EBUSY;
	rcu_read_unlock();
	return error;
}
