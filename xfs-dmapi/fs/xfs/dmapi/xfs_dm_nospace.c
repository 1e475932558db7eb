// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lack of space
 *
 * An operation that fails with ENOSPC, after XFS has done what it can to find
 * space, asks the manager for some if a session wants to hear of it: it unwinds
 * with everything that it holds, raises NOSPACE, waits, and goes again.
 *
 * It goes again once for each answer.  If it fails again, it asks again only if
 * the manager was seen to free space: others may have been faster.  A manager
 * who says CONTINUE and has freed nothing does not keep anybody in a circle.
 *
 * Where a quota denies space (a project's is called ENOSPC, too), that is for
 * the user, and there is no event.  Page faults, writeback and the completion
 * of asynchronous writes cannot wait, and do not ask.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/* Blocks that are free, of either kind. */
static u64
xfs_dm_free_blocks(struct xfs_mount *mp)
{
	return xfs_dm_free_fsblocks(mp) + xfs_dm_free_rtextents(mp);
}

/* What the transactions of a shift may need at a time, with room to spare. */
#define XFS_DM_SHIFT_BLOCKS	64

static bool
xfs_dm_space_is_low(struct xfs_mount *mp, u64 blocks)
{
	return xfs_dm_free_fsblocks(mp) < blocks + xfs_dm_set_aside(mp);
}

/* The scope's wait: nothing is held. */
static int
xfs_dm_nospace_wait(struct inode *inode, const struct dmapi_want *want)
{
	struct xfs_inode	*ip = XFS_I(inode);
	struct xfs_dm_mount	*dm = ip->i_mount->m_dm;
	u64			before = xfs_dm_free_blocks(ip->i_mount);
	u8			handle[DMAPI_HANDLE_LEN];
	struct xfs_dm_about	about = {
		.a_event	= want->event,
		.a_handle	= handle,
	};
	int			error;

	xfs_dm_handle_make(ip->i_mount, want->who, want->who_gen, handle);
	error = xfs_dm_event_space(&dm->fs, &about);
	if (!error && xfs_dm_free_blocks(ip->i_mount) > before)
		atomic64_inc(&dm->freed);
	return error;
}

/*
 * A server's thread has no scope that a quota could tell.  Its requests are
 * small, so a file system that is not nearly full has space for them.
 */
#define XFS_DM_SERVER_BYTES	(4 * SZ_1M)

/*
 * What is wanted is the file system's, whoever asks: the same, when the asker is
 * another file each time, as a stacked file system's temporary ones are.
 */
int
__xfs_dm_nospace(struct xfs_inode *ip, bool nowait)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct xfs_dm_mount	*dm = mp->m_dm;
	struct xfs_inode	*root = mp->m_rootip;
	struct dmapi_want	want = {
		.inode	 = VFS_I(root),
		.igen	 = VFS_I(root)->i_generation,
		.event	 = DMAPI_EVENT_NOSPACE,
		.who	 = xfs_dm_ino(ip),
		.who_gen = VFS_I(ip)->i_generation,
		.must	 = true,
	};
	struct dmapi_scope	*scope;
	int			error;

	if (!dm || !xfs_dm_fs_wants(&dm->fs, want.event))
		return -ENOSPC;
	/* Whoever may block tries again. */
	if (nowait)
		return -EAGAIN;

	want.state = atomic64_read(&dm->freed);
	scope = dmapi_scope_find();
	if (!scope) {
		error = -EIO;
		if (dmapi_is_server() &&
		    xfs_dm_space_is_low(mp, XFS_B_TO_FSB(mp, XFS_DM_SERVER_BYTES)))
			error = xfs_dm_proxy(root, &want, xfs_dm_nospace_wait);
		return error == -EIO ? -ENOSPC : error;
	}
	if (scope->limited || dmapi_scope_settled(scope, &want))
		return -ENOSPC;
	return dmapi_scope_want(scope, VFS_I(root), &want, xfs_dm_nospace_wait);
}

int
__xfs_dm_nospace_attr(struct xfs_inode *ip)
{
	return dmapi_scope_find() ? __xfs_dm_nospace(ip, false) : -ENOSPC;
}

/*
 * What moves data cannot be done again when half of it is done, so it asks
 * before it begins, if space is low.
 */
int
__xfs_dm_shift_space(struct xfs_inode *ip, int mode)
{
	int			error;

	if (!(mode & XFS_DM_SHIFTS) ||
	    !xfs_dm_space_is_low(ip->i_mount, XFS_DM_SHIFT_BLOCKS))
		return 0;
	error = __xfs_dm_nospace(ip, false);
	return error == -ENOSPC ? 0 : error;
}

int
__xfs_dm_fallocate_done(struct xfs_inode *ip, int mode)
{
	if (mode & XFS_DM_SHIFTS)
		return -ENOSPC;
	return __xfs_dm_nospace(ip, false);
}

ssize_t
__xfs_dm_write_done(struct kiocb *iocb, struct iov_iter *from,
		    const struct xfs_dm_saved *saved)
{
	int			error;

	/* Managed only since it began. */
	if (!saved->iter.count)
		return -ENOSPC;
	error = __xfs_dm_nospace(XFS_I(file_inode(iocb->ki_filp)),
				 iocb->ki_flags & IOCB_NOWAIT);
	/*
	 * A direct write may have come half way, and writes that again.  Others
	 * were made shorter by a limit, and find that again.
	 */
	if (error == -EAGAIN)
		*from = saved->iter;
	return error;
}

void
__xfs_dm_final(void)
{
	struct dmapi_scope	*scope = dmapi_scope_find();

	if (scope)
		scope->limited = true;
}
