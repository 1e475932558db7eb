// SPDX-License-Identifier: GPL-2.0-only
/*
 * READ events
 *
 * A read that meets a region with READ, or offline bytes, waits until a DM
 * application has answered.  It does so where the read enters the file system,
 * with nothing held.  What was decided there may be out of date once the read
 * has the IOLOCK, so it is looked at again: if the file's state is still the
 * one that let the read pass, it goes on; if not, the range is judged anew, and
 * only if an event is needed the lock is dropped and the read begins again.  A
 * recall in pieces changes the state with every piece, but does not hold up
 * readers of other pieces.
 *
 * An answer admits one read.  The application may leave READ armed, because it
 * only watches, and so the answer counts although the region still matches.  It
 * does not count for bytes that went offline after it was given: if the state
 * changed while the read waited, and bytes are offline now, there is one more
 * event.  If nothing changed, the application said CONTINUE without bringing
 * them back, and the guard says EIO.
 *
 * Who cannot wait gets an error.  A request that must not block, or runs under
 * a ring's mutex, says EAGAIN and is done again by a worker.  A kernel thread
 * says EAGAIN, too: a file server asks its client to come back.  A read into
 * pages for a pipe comes under the pipe's mutex and fails if it needs offline
 * bytes.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/uio.h>

/* What stands in the way of a read. */
enum xfs_dm_need {
	XFS_DM_NOTHING = 0,
	XFS_DM_ARMED,		/* a READ region, the bytes are there */
	XFS_DM_OFFLINE,		/* bytes are missing */
};

/* Judge a range; @gen tells from which state.  Not under ILOCK. */
static int
xfs_dm_read_need(struct xfs_inode *ip, u64 start, u64 end, u64 *gen)
{
	const struct xfs_dm_inode	*dm;
	bool				armed, span;
	int				ret;

	end = min_t(u64, end, i_size_read(VFS_I(ip)));
	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	*gen = dm->gen;
	armed = xfs_dm_regions_match(dm->regions, dm->nregions, start, end,
				     DMAPI_REGION_READ);
	span = dm->broken ||
	       xfs_dm_spans_overlap(dm->spans, dm->nspans, start, end);
	rcu_read_unlock();

	if (start >= end)
		return XFS_DM_NOTHING;
	if (span) {
		ret = xfs_dm_range_offline(ip, start, end);
		if (ret < 0)
			return ret;
		if (ret)
			return XFS_DM_OFFLINE;
	}
	return armed ? XFS_DM_ARMED : XFS_DM_NOTHING;
}

/* The operation must not sleep here: what does it get? */
static int
xfs_dm_read_cannot_wait(struct kiocb *iocb, struct iov_iter *to, int need)
{
	if (iocb->ki_flags & (IOCB_NOWAIT | IOCB_WAITQ))
		return -EAGAIN;
	if ((current->flags & (PF_KTHREAD | PF_USER_WORKER)) == PF_KTHREAD)
		return -EAGAIN;
	if (iov_iter_is_bvec(to) && is_sync_kiocb(iocb))
		return need == XFS_DM_OFFLINE ? -EIO : 0;
	return 1;
}

/* The file's generation, 0 if its state is not loaded. */
static u64
xfs_dm_read_gen(struct xfs_inode *ip)
{
	const struct xfs_dm_inode	*dm;
	u64				gen;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	gen = dm ? dm->gen : 0;
	rcu_read_unlock();
	return gen;
}

int
__xfs_dm_read_enter(struct kiocb *iocb, struct iov_iter *to,
		    struct xfs_dm_read *dr)
{
	struct xfs_inode	*ip = XFS_I(file_inode(iocb->ki_filp));
	struct xfs_mount	*mp = ip->i_mount;
	size_t			count = iov_iter_count(to);
	u8			handle[DMAPI_HANDLE_LEN];
	u64			start = iocb->ki_pos;
	int			need;
	int			ret;

	if (likely(!xfs_dm_guarded(ip)) || !xfs_dm_is_managed(mp) || !count)
		return 0;
	if (!rcu_access_pointer(ip->i_dm)) {
		if (iocb->ki_flags & (IOCB_NOWAIT | IOCB_WAITQ))
			return -EAGAIN;
		ret = xfs_dm_inode_load(ip);
		if (ret)
			return ret;
	}

	do {
		need = xfs_dm_read_need(ip, start, start + count, &dr->gen);
		if (need < 0)
			return need;
		if (need == XFS_DM_NOTHING ||
		    (need == XFS_DM_ARMED && dr->admitted))
			return 0;

		ret = xfs_dm_read_cannot_wait(iocb, to, need);
		if (ret <= 0)
			return ret;

		xfs_dm_handle_init(ip, handle);
		ret = xfs_dm_event_data(&mp->m_dm->fs, DMAPI_EVENT_READ, handle,
					start, count, need == XFS_DM_OFFLINE);
		if (ret)
			return ret;
		dr->admitted = true;
	} while (xfs_dm_read_gen(ip) != dr->gen);
	return 0;
}

int
__xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to,
		     struct xfs_dm_read *dr)
{
	struct xfs_inode	*ip = XFS_I(file_inode(iocb->ki_filp));
	size_t			count = iov_iter_count(to);
	u64			start = iocb->ki_pos;
	u64			gen;
	int			need;

	if (likely(!xfs_dm_guarded(ip)) || !xfs_dm_is_managed(ip->i_mount))
		return 0;

	gen = xfs_dm_read_gen(ip);
	if (gen && gen == dr->gen)
		return 0;

	if (gen) {
		need = xfs_dm_read_need(ip, start, start + count, &gen);
		if (need < 0)
			return need;
		if (need == XFS_DM_NOTHING ||
		    (need == XFS_DM_ARMED && dr->admitted))
			return 0;
	}
	if (iocb->ki_flags & (IOCB_NOWAIT | IOCB_WAITQ))
		return -EAGAIN;
	dr->retry = true;
	return -EAGAIN;
}
