// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaving
 *
 * A file system that is to be an ordinary one again must lose what DMAPI keeps
 * in it, and whoever takes that away must not take the protection of a byte that
 * is still elsewhere.  A manager could look first, and remove regions then; but
 * in between another could punch, and removing a region is a statement that
 * the zeros under it are data (xfs_dm_region.c).
 *
 * So one operation does both under the locks that a punch takes: it removes
 * everything but DM attributes, which belong to applications, or nothing.  It is
 * an operation by handle, so that neither the path nor the flags of a file are
 * in its way.
 *
 * The order is that of xfs_dm_record_commit().  A crash in the middle leaves
 * lists, or a record without its witness, and the same again removes them.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

/* Regions, spans, and the number of the data.  Locked. */
static int
xfs_dm_leave_record(struct xfs_inode *ip)
{
	struct xfs_dm_inode	*dm;
	int			ret;

	ret = xfs_dm_range_offline(ip, 0, S64_MAX);
	if (ret)
		return ret < 0 ? ret : -EBUSY;
	if (rcu_access_pointer(ip->i_dm) == &xfs_dm_none)
		return 0;
	/* What was recalled is on the device before the record goes. */
	ret = xfs_dm_flush(ip, 0, XFS_DM_INFINITY);
	if (!ret)
		ret = xfs_dm_changing(ip, false);
	if (ret)
		return ret;
	dm = xfs_dm_inode_alloc(0);
	if (!dm)
		return -ENOMEM;
	return xfs_dm_record_commit(ip, dm);
}

/**
 * xfs_dm_leave() - take from an object all that DMAPI keeps of it
 * @ip: the object, nothing is held
 *
 * Return: 0; -EBUSY if some byte of it is offline, and nothing was changed;
 * -EINVAL for an inode of XFS's own; -EROFS, -EIO.
 */
int
xfs_dm_leave(struct xfs_inode *ip)
{
	bool			regular = S_ISREG(VFS_I(ip)->i_mode);
	int			error = 0;

	if (xfs_dm_is_internal(ip))
		return -EINVAL;
	/* Data first: the lock is held for as long as this takes again. */
	if (regular)
		error = xfs_dm_flush(ip, 0, XFS_DM_INFINITY);
	if (!error)
		error = xfs_dm_lock(ip, regular ? XFS_DM_LOCK_LAYOUT : 0);
	if (error)
		return error;
	if (regular)
		error = xfs_dm_leave_record(ip);
	if (!error)
		error = xfs_dm_lists_forget(ip);
	xfs_dm_unlock(ip);
	return error;
}
