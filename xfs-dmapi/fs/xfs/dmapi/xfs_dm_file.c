// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file that nobody opened
 *
 * Invisible I/O goes through the page cache as all I/O does, and that wants a
 * struct file.  An ordinary open would break leases, and wait for a lease
 * holder who may be the one that waits for this very recall; it would count as
 * a writer, and fail on a program that runs; and it would ask for permissions.
 * So the file is made from the inode, on any mount of the file system.
 */
#include "xfs_dm_compat.h"
#include "xfs_file.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/file.h>
#include <linux/mount.h>

/**
 * xfs_dm_file_open() - make a struct file of an inode
 * @ip: a regular file
 *
 * Return: the file, for fput(); ERR_PTR(-ENXIO) if the file system is mounted
 * nowhere, or what allocating gave.
 */
struct file *
xfs_dm_file_open(struct xfs_inode *ip)
{
	struct inode		*inode = VFS_I(ip);
	struct vfsmount		*mnt;
	struct file		*file;

	mnt = dmapi_get_mount(inode->i_sb);
	if (!mnt)
		return ERR_PTR(-ENXIO);
	ihold(inode);
	file = alloc_file_pseudo(inode, mnt, "[dmapi]",
				 O_RDWR | O_LARGEFILE | O_NOATIME, &xfs_file_operations);
	if (IS_ERR(file))
		iput(inode);
	else
		file->private_data = (void *)&xfs_dm_none;
	mntput(mnt);
	return file;
}
