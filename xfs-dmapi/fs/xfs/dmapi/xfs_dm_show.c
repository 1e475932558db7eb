// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a file's data is, for everybody
 *
 * A backup, an indexer or a user who is about to open a thousand files wants to
 * know which of them would have to be brought back.  That is no secret: whoever
 * can look a file up may know.  Nothing here raises an event, waits for anybody
 * or depends on the mount option.
 *
 * There are three answers of different price:
 *
 *	system.dmapi.state	an attribute that is not stored: resident,
 *				partial or offline, from the extent map
 *	statx()			a bit: some byte may be offline.  Exact if the
 *				extents are in memory, else the witness's word
 *	bulkstat		the witness itself, in the words that SGI's
 *				structure has for it
 */
#include "xfs_dm_compat.h"
#include "xfs_inode_fork.h"
#include "xfs_itable.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/sched/signal.h>
#include <linux/xattr.h>
#include <uapi/linux/dmapi.h>

enum xfs_dm_state {
	XFS_DM_RESIDENT,
	XFS_DM_PARTIAL,
	XFS_DM_ALL_OFFLINE,
};

static const char *const xfs_dm_state_names[] = {
	[XFS_DM_RESIDENT]	= "resident",
	[XFS_DM_PARTIAL]	= "partial",
	[XFS_DM_ALL_OFFLINE]	= "offline",
};

/*
 * Nothing is held, so this is what was so a moment ago.  A hole that is the
 * owner's own is resident.
 */
static int
xfs_dm_state(struct xfs_inode *ip)
{
	xfs_fileoff_t		end = XFS_B_TO_FSB(ip->i_mount, XFS_ISIZE(ip));
	xfs_fileoff_t		pos = 0;
	bool			here = false, gone = false;
	int			ret;

	ret = xfs_dm_inode_load(ip);
	if (ret)
		return ret;
	if (!xfs_dm_has_span(ip, 0))
		return XFS_DM_RESIDENT;
	while (pos < end && !(here && gone)) {
		xfs_fileoff_t	stop = end;

		ret = xfs_dm_map(ip, pos, &stop);
		if (ret < 0)
			return ret;
		if (ret)
			gone = true;
		else
			here = true;
		pos = stop;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	if (!gone)
		return XFS_DM_RESIDENT;
	return here ? XFS_DM_PARTIAL : XFS_DM_ALL_OFFLINE;
}

/* ENODATA: not a regular file; ERANGE. */
static int
xfs_dm_state_get(const struct xattr_handler *handler, struct dentry *unused,
		 struct inode *inode, const char *name, void *value,
		 size_t size)
{
	struct xfs_inode	*ip = XFS_I(inode);
	int			state, len;

	if (!S_ISREG(inode->i_mode) || xfs_dm_is_internal(ip))
		return -ENODATA;
	if (xfs_is_shutdown(ip->i_mount))
		return -EIO;
	state = xfs_dm_state(ip);
	if (state < 0)
		return state;
	len = strlen(xfs_dm_state_names[state]);
	if (size) {
		if (size < len)
			return -ERANGE;
		memcpy(value, xfs_dm_state_names[state], len);
	}
	return len;
}

/* Read-only: to set or remove it is EOPNOTSUPP.  Nobody lists it. */
const struct xattr_handler xfs_dm_state_handler = {
	.name	= DMAPI_XATTR_STATE,
	.get	= xfs_dm_state_get,
};

/**
 * __xfs_dm_some_offline() - may a byte of a file be offline?
 * @ip: the file; not under ILOCK
 *
 * For stat(), which must be cheap: nothing is read.
 */
bool
__xfs_dm_some_offline(struct xfs_inode *ip)
{
	const struct xfs_dm_inode	*dm;
	bool				loaded, maybe;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	loaded = dm;
	if (dm)
		maybe = dm->broken || dm->nspans;
	else
		maybe = (READ_ONCE(ip->i_dmevmask) & XFS_DMW_SPANS) &&
			xfs_dm_witness_valid(ip);
	rcu_read_unlock();

	if (!maybe || !XFS_ISIZE(ip))
		return false;
	if (!loaded || xfs_need_iread_extents(&ip->i_df))
		return true;
	return xfs_dm_range_offline(ip, 0, S64_MAX) != 0;
}

/**
 * xfs_dm_bulkstat() - note the witness for bulkstat's old structure
 * @breq: the request
 * @ip: the inode, ILOCK held
 */
void
xfs_dm_bulkstat(struct xfs_ibulk *breq, const struct xfs_inode *ip)
{
	bool			valid = xfs_dm_witness_valid(ip);

	breq->dmevmask = valid ? READ_ONCE(ip->i_dmevmask) : 0;
	breq->dmstate = valid ? READ_ONCE(ip->i_dmstate) : 0;
}

/**
 * xfs_dm_bstat() - put it into that structure
 * @breq: the request
 * @bs1: the structure
 */
void
xfs_dm_bstat(const struct xfs_ibulk *breq, struct xfs_bstat *bs1)
{
	bs1->bs_dmevmask = breq->dmevmask;
	bs1->bs_dmstate = breq->dmstate;
}
