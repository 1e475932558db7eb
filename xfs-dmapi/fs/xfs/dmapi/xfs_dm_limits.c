// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits are for users
 *
 * A user who is over his quota and reads a file of his that is away waits for
 * it, and what the manager brings back is space that he has used all the time,
 * as far as he can tell.  To stop that would leave him without the file.  So the
 * manager's calls are accounted as everything is, and are not stopped: blocks
 * for them are reserved as those of unwritten extents are that become data.
 *
 * XFS reserves them deep in the call, where nobody knows whose it is.  So while
 * a call has the file to itself, it leaves its task with the object that each
 * call about a file makes sure of (xfs_dm_right.c).
 *
 * That the device is full is no limit but a fact, and remains ENOSPC.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_right.h"

/* NULL of a file system, or if there was no call about the inode. */
static struct xfs_dm_inode_object *
xfs_dm_limits_object(struct xfs_inode *ip)
{
	/* Pairs with the exchange in xfs_dm_object_of(). */
	struct xfs_dm_object	*o = smp_load_acquire(&ip->i_dm_object);

	return o ? container_of(o, struct xfs_dm_inode_object, io_object) : NULL;
}

static void
xfs_dm_limits_set(struct xfs_inode *ip, struct task_struct *task)
{
	struct xfs_dm_inode_object *io = xfs_dm_limits_object(ip);

	/* The call may be about the file system, and its root directory. */
	if (io)
		WRITE_ONCE(io->io_manager, task);
}

/**
 * xfs_dm_limits_lift() - limits do not stop this task's changes of a file
 * @ip: the file, IOLOCK held exclusively
 */
void
xfs_dm_limits_lift(struct xfs_inode *ip)
{
	xfs_dm_limits_set(ip, current);
}

/**
 * xfs_dm_limits_restore() - and now they do again
 * @ip: the file, still locked
 */
void
xfs_dm_limits_restore(struct xfs_inode *ip)
{
	xfs_dm_limits_set(ip, NULL);
}

bool
__xfs_dm_unlimited(struct xfs_inode *ip)
{
	struct xfs_dm_inode_object *io = xfs_dm_limits_object(ip);

	return io && READ_ONCE(io->io_manager) == current;
}
