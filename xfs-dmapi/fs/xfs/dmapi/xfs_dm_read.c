// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads
 *
 * A read opens a scope where it enters the file system, unless there is one:
 * whoever began the read holds nothing there, but for the position of the
 * descriptor, or exec's mutex.  (Where a read comes from below other locks, the
 * operation around it has the scope.)  It asks under the IOLOCK and comes back
 * to wait (xfs_dm_want.c).  Files without DM state do none of this.
 *
 * Reads into pages for a pipe come under the pipe's mutex; the system call that
 * took it has the scope.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/uio.h>

/*
 * A read into kernel pages on behalf of somebody else, a pipe or a copy-up:
 * what is held above is not known here.  A worker, like a loop device's, has
 * nothing above.
 */
static bool
xfs_dm_read_is_inner(struct kiocb *iocb, struct iov_iter *to)
{
	return iov_iter_is_bvec(to) && is_sync_kiocb(iocb) &&
	       !(current->flags & PF_WQ_WORKER);
}

static bool
xfs_dm_read_open(struct dmapi_scope *scope, struct kiocb *iocb,
		 struct iov_iter *to)
{
	struct xfs_inode	*ip = XFS_I(file_inode(iocb->ki_filp));

	if (!xfs_dm_is_managed(ip->i_mount) ||
	    (iocb->ki_flags & (IOCB_NOWAIT | IOCB_WAITQ)) ||
	    xfs_dm_read_is_inner(iocb, to))
		return false;
	dmapi_scope_begin(scope, true);
	return scope->state == DMAPI_SCOPE_OPEN;
}

void
__xfs_dm_read_start(struct dmapi_scope *scope, struct kiocb *iocb,
		    struct iov_iter *to)
{
	if (xfs_dm_guarded(XFS_I(file_inode(iocb->ki_filp))))
		xfs_dm_read_open(scope, iocb, to);
}

int
__xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to)
{
	struct xfs_inode	*ip = XFS_I(file_inode(iocb->ki_filp));
	unsigned int		how = XFS_DM_REOPENS;

	/* A ring retries with WAITQ and without NOWAIT, under its mutex. */
	if (iocb->ki_flags & (IOCB_NOWAIT | IOCB_WAITQ))
		how = XFS_DM_NOWAIT;
	else if ((current->flags & PF_KTHREAD) ||
		 xfs_dm_read_is_inner(iocb, to))
		how = 0;
	if (iocb->ki_filp->f_flags & O_NONBLOCK)
		how |= XFS_DM_NODELAY;
	return xfs_dm_want(ip, DMAPI_EVENT_READ, iocb->ki_pos,
			   iov_iter_count(to), how);
}

/* A file that was not managed a moment ago has no scope yet. */
bool
__xfs_dm_read_again(struct dmapi_scope *scope, struct kiocb *iocb,
		    struct iov_iter *to, ssize_t *ret)
{
	if (scope->state != DMAPI_SCOPE_OPEN)
		return *ret == -EAGAIN && xfs_dm_read_open(scope, iocb, to);
	if (__dmapi_scope_again(scope, *ret))
		return true;
	*ret = dmapi_scope_result(scope, *ret);
	return false;
}

int
__xfs_dm_splice_read(struct file *file, loff_t pos, size_t len)
{
	return xfs_dm_want(XFS_I(file_inode(file)), DMAPI_EVENT_READ, pos, len,
			   file->f_flags & O_NONBLOCK ? XFS_DM_NODELAY : 0);
}
