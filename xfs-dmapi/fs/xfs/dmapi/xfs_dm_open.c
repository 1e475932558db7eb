// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors by handle
 *
 * A manager works with handles, and other programs' interfaces with descriptors
 * and paths.  What is opened here is an ordinary descriptor, on a mount that the
 * caller can see: reading data that is away waits for the manager like any read,
 * and closing is told like any closing.  The pass that lets the manager at such
 * data belongs to its calls, and cannot be handed to another process.  Only time
 * stamps do not change by it, since backup programs want that, and nobody asks
 * the directories on the way for permission.  Nor does opening raise DEBUT: the
 * manager would wait for itself.
 */
#include "xfs_dm_compat.h"
#include "xfs_buf.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/path.h>

/* Of open(2)'s flags those that mean something for what is there already. */
#define XFS_DM_OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_CLOEXEC | O_DIRECT | \
				 O_DIRECTORY | O_DSYNC | O_LARGEFILE | \
				 O_NOATIME | O_NOCTTY | O_NOFOLLOW | \
				 O_NONBLOCK | O_SYNC)

static struct file *
xfs_dm_open(struct xfs_inode *ip, unsigned int flags)
{
	struct inode		*inode = VFS_I(ip);
	struct file		*file;
	struct path		path;
	int			error;

	error = xfs_dm_path_of(ip, &path);
	if (error < 0)
		return ERR_PTR(error);
	file = dentry_open(&path, flags | O_LARGEFILE, current_cred());
	path_put(&path);
	if (!IS_ERR(file) && S_ISREG(inode->i_mode)) {
		file->f_flags |= O_NOATIME;
		file->f_mode |= FMODE_NOCMTIME;
	}
	return file;
}

/* DMAPI_OPEN_BY_HANDLE */
static long
xfs_dm_op_open_by_handle(struct xfs_dm_call *call)
{
	const struct dmapi_open_by_handle *arg = (void *)call->arg.bytes;
	struct inode		*inode;
	struct file		*file;
	bool			writes;
	int			fd;

	if (!call->ip)
		return -EBADF;
	inode = VFS_I(call->ip);
	if ((arg->flags & ~(__u32)XFS_DM_OPEN_FLAGS) ||
	    (arg->flags & O_ACCMODE) == O_ACCMODE || arg->pad)
		return -EINVAL;
	writes = arg->flags & O_ACCMODE;
	if (S_ISDIR(inode->i_mode) && writes)
		return -EISDIR;
	if (!S_ISDIR(inode->i_mode) && (arg->flags & O_DIRECTORY))
		return -ENOTDIR;
	if (writes && (IS_IMMUTABLE(inode) ||
		       (IS_APPEND(inode) && !(arg->flags & O_APPEND))))
		return -EPERM;

	fd = get_unused_fd_flags(arg->flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = xfs_dm_open(call->ip, arg->flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/*
 * DMAPI_GET_DIOINFO.  Blocks that are shared are written as a whole, or through
 * the page cache.
 */
static long
xfs_dm_op_get_dioinfo(struct xfs_dm_call *call)
{
	const struct dmapi_get_dioinfo *arg = (void *)call->arg.bytes;
	struct xfs_inode	*ip = call->ip;
	struct xfs_buftarg	*target = xfs_inode_buftarg(ip);
	u32			sector = target->bt_logical_sectorsize;
	struct dmapi_dioinfo	dio = {
		.mem		= max_t(u32, sector,
					bdev_dma_alignment(target->bt_bdev) + 1),
		.miniosz	= sector,
	};

	if (xfs_is_cow_inode(ip))
		dio.miniosz = xfs_inode_alloc_unitsize(ip);
	dio.maxiosz = INT_MAX - INT_MAX % dio.miniosz;
	return copy_to_user(u64_to_user_ptr(arg->diop), &dio, sizeof(dio)) ?
	       -EFAULT : 0;
}

const struct xfs_dm_op xfs_dm_open_ops[] = {
	{
		.number	= DMAPI_OPEN_BY_HANDLE,
		.size	= sizeof(struct dmapi_open_by_handle),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_ANYBODY | XFS_DM_OP_FS |
			  XFS_DM_OP_REG | XFS_DM_OP_DIR,
		.call	= xfs_dm_op_open_by_handle,
	},
	{
		.number	= DMAPI_GET_DIOINFO,
		.size	= sizeof(struct dmapi_get_dioinfo),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_get_dioinfo,
	},
	{ },
};
