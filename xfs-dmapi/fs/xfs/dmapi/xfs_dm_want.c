// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does an operation need an event, and who waits for it?
 *
 * Every operation on a file's data asks here once it holds the IOLOCK, which
 * keeps the answer true until the operation is done.  A range needs an event if
 * it meets a region that is armed for the operation, or if bytes of it are
 * offline.  If it does, the wish is noted in the scope of the operation (see
 * linux/dmapi_scope.h) and the operation unwinds; the scope waits with nothing
 * held, and the operation comes here again with a ticket.
 *
 * A ticket admits the operation although the region still matches: the
 * application may only watch.  It does not count for bytes that went offline
 * after the answer was given: if the file's state is another than the one by
 * which the event was raised, and bytes are offline now, there is one more
 * event.  If nothing changed, the application said CONTINUE without bringing
 * the bytes back, and the operation gets EIO.  So a recall in pieces, which
 * changes the state with every piece, does not hold up those who want other
 * pieces, and an answer is never taken for data.
 *
 * Without a scope nobody can wait.  A server's thread asks its client to come
 * back (EAGAIN), while a worker waits in its stead, see xfs_dm_proxy.c.
 * Everybody else gets EIO, unless it only reads what is there.  A request that
 * must not block says EAGAIN and is done again by somebody who may.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/* @xfs-dm-show { */
#include <linux/cred.h>

/* } @xfs-dm-show */
/* What stands in the way of an operation. */
enum xfs_dm_need {
	XFS_DM_NOTHING = 0,
	XFS_DM_ARMED,		/* a region, the bytes are there */
	XFS_DM_OFFLINE,		/* bytes are missing */
};

/* The flag of a region that is armed for an event. */
static u32
xfs_dm_region_flag(u32 event)
{
	return 1U << (event - DMAPI_EVENT_READ);
}

static_assert(DMAPI_REGION_READ == 1);
static_assert(DMAPI_REGION_WRITE == 1 << (DMAPI_EVENT_WRITE -
					  DMAPI_EVENT_READ));
static_assert(DMAPI_REGION_TRUNCATE == 1 << (DMAPI_EVENT_TRUNCATE -
					     DMAPI_EVENT_READ));

/*
 * Judge a range; want->state tells from which state.  If bytes are missing and
 * no region is armed for the operation, what the operation needs is a READ.
 */
static int
xfs_dm_judge(struct xfs_inode *ip, struct dmapi_want *want, unsigned int how)
{
	const struct xfs_dm_inode	*dm;
	u64				size = i_size_read(VFS_I(ip));
	u64				start = want->off;
	u64				end = start + want->len;
	bool				armed, span;
	int				ret;

	if (end < start || want->event == DMAPI_EVENT_TRUNCATE)
		end = XFS_DM_INFINITY;
	if (want->event == DMAPI_EVENT_READ)
		end = min(end, size);
	if (start >= end)
		return XFS_DM_NOTHING;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	want->state = dm->gen;
	armed = xfs_dm_regions_match(dm->regions, dm->nregions, start, end,
				     xfs_dm_region_flag(want->event));
	if (armed && (how & XFS_DM_IF_ALONE))
		armed = !xfs_dm_regions_match(dm->regions, dm->nregions, start,
					      end, DMAPI_REGION_WRITE);
	span = dm->broken ||
	       xfs_dm_spans_overlap(dm->spans, dm->nspans, start, end);
	rcu_read_unlock();

	if (span && want->event != DMAPI_EVENT_TRUNCATE &&
	    !(how & XFS_DM_IF_ARMED)) {
		ret = xfs_dm_range_offline(ip, start, end);
		if (ret < 0)
			return ret;
		if (ret) {
			if (!armed)
				want->event = DMAPI_EVENT_READ;
			return XFS_DM_OFFLINE;
		}
	}
	return armed ? XFS_DM_ARMED : XFS_DM_NOTHING;
}

/**
 * xfs_dm_want_wait() - raise an event on a file and wait for the answer
 * @inode: the file; nothing is held
 * @want: the event
 *
 * Return: as xfs_dm_event_data().
 */
int
xfs_dm_want_wait(struct inode *inode, const struct dmapi_want *want)
{
	struct xfs_inode	*ip = XFS_I(inode);
	u8			handle[DMAPI_HANDLE_LEN];
	struct xfs_dm_about	about = {
		.a_event	= want->event,
		.a_handle	= handle,
		.a_off		= want->off,
		.a_len		= want->len,
		.a_offline	= want->must,
		.a_nodelay	= want->nodelay,
		.a_deadly	= want->deadly,
		.a_cancel	= xfs_dm_enabled(ip, DMAPI_EVENT_CANCEL), /* @xfs-dm-lists */
	};

	xfs_dm_handle_init(ip, handle);
	return xfs_dm_event_data(&ip->i_mount->m_dm->fs, &about);
}

/*
 * Nobody here can wait.  A read of what is there may go on: the application
 * misses a look at the reader, not a change.
 */
static int
xfs_dm_want_nobody(struct xfs_inode *ip, const struct dmapi_want *want)
{
	if (want->event == DMAPI_EVENT_READ && !want->must)
		return 0;
	if (dmapi_is_server())
		return xfs_dm_proxy(ip, want, xfs_dm_want_wait);
	return -EIO;
}

/**
 * xfs_dm_widen() - ask for more at a time
 * @scope: an operation
 * @want: what it needs now
 *
 * An operation that comes back for the next piece, and for the next, begins
 * again each time: a copy-up of a stacked file system, which copies all of a
 * file in pieces.  So each piece is twice the one before.
 */
void
xfs_dm_widen(const struct dmapi_scope *scope, struct dmapi_want *want)
{
	const struct dmapi_want	*had = &scope->had[0];
	u64			size = i_size_read(want->inode);

	if (!scope->nhad || want->event != DMAPI_EVENT_READ ||
	    had->inode != want->inode || had->event != want->event ||
	    had->off + had->len != want->off || want->off >= size)
		return;
	want->len = max(want->len, min(2 * had->len, size - want->off));
}

/* @xfs-dm-show { */
/**
 * xfs_dm_norecall() - does this task rather get an error than wait for bytes?
 * @dm: the managed mount
 *
 * Tasks of a group that the administrator chose do: backup and indexing.
 * Credentials go where an operation goes, to the workers of a
 * ring and to the threads of a server, and whoever starts a program can give it
 * a group.
 */
bool
xfs_dm_norecall(const struct xfs_dm_mount *dm)
{
	gid_t			gid = READ_ONCE(dm->norecall);

	if (xfs_dm_is_backup(dm))	/* @xfs-dm-backup */
		return true;		/* @xfs-dm-backup */
	return gid != (gid_t)-1 && in_group_p(KGIDT_INIT(gid));
}

/* } @xfs-dm-show */
/**
 * xfs_dm_want() - ask whether an operation may go on
 * @ip: the file, IOLOCK held, not ILOCK
 * @event: DMAPI_EVENT_READ, _WRITE or _TRUNCATE
 * @off: first byte, or the new size
 * @len: bytes
 * @how: XFS_DM_NOWAIT and its like
 *
 * Return: 0 if it may; -EAGAIN for the operation to return, whether it comes
 * back or not; -EIO if bytes are offline and remain so; -ENODATA if they are and
 * the task does not want them back; or what reading the file's state gave.
 */
int
xfs_dm_want(struct xfs_inode *ip, u32 event, u64 off, u64 len, unsigned int how)
{
	struct dmapi_want	want = {
		.inode	= VFS_I(ip),
		.igen	= VFS_I(ip)->i_generation,
		.event	= event,
		.off	= off,
		.len	= len,
		.nodelay = how & XFS_DM_NODELAY,
	};
	struct dmapi_scope	*scope;
	int			need;

	if (!rcu_access_pointer(ip->i_dm)) {
		if (how & XFS_DM_NOWAIT)
			return -EAGAIN;
		need = xfs_dm_inode_load(ip);
		if (need)
			return need;
	}
	/* @xfs-dm-rights { */
	need = xfs_dm_exclude(ip, event, off, len, how);
	if (need)
		return need;
	/* } @xfs-dm-rights */
	need = xfs_dm_judge(ip, &want, how);
	if (need <= 0)
		return need;
	want.must = need == XFS_DM_OFFLINE;
	if (!xfs_dm_is_managed(ip->i_mount))
		return want.must ? -EIO : 0;
	/* @xfs-dm-show { */
	/* Servers have no word for ENODATA that means this. */
	if (want.must && xfs_dm_norecall(ip->i_mount->m_dm))
		return dmapi_is_server() ? -EIO : -ENODATA;
	/* } @xfs-dm-show */
	if (how & XFS_DM_NOWAIT)
		return -EAGAIN;

	scope = dmapi_scope_find();
	if (!scope) {
		if (how & XFS_DM_REOPENS)
			return -EAGAIN;
		return xfs_dm_want_nobody(ip, &want);
	}
	if (dmapi_scope_settled(scope, &want))
		return want.must ? -EIO : 0;
	if (want.must)
		xfs_dm_widen(scope, &want);
	return dmapi_scope_want(scope, VFS_I(ip), &want, xfs_dm_want_wait);
}
