/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The built-in half of the dmapi() system call
 *
 * XFS is a module in every distribution, a system call cannot be one.  So the
 * entry is built in and hands every call to the one implementation that is
 * registered with it.  What the module needs of the VFS and cannot have from
 * outside stands here as well.
 */
#ifndef _LINUX_DMAPI_H
#define _LINUX_DMAPI_H

#include <linux/types.h>

struct dentry;	/* @xfs-dm-handles */
struct inode;
struct module;
struct path;
struct super_block;
struct address_space;
struct vfsmount;

/**
 * struct dmapi_provider - an implementation of the operations
 * @owner: its module, which every call holds while it runs
 * @call: the operation itself; @admin: the caller has CAP_SYS_ADMIN in the
 *	initial user namespace
 * @mmap_begin: part of a file is about to be mapped, under a scope and with
 *	nothing held; if it returns 0 the range must not change in a way that
 *	hinders until @mmap_end
 * @mmap_end: it was mapped, or not
 * @attach_begin: a mount is about to be attached to a tree, @where or as the
 *	root of a namespace, with nothing held; if it returns 0
 * @attach_end: tells how that ended, from any context
 * @detach_begin: the last mount is about to be unmounted, with nothing held
 * @detach_end: it was, or not
 *
 * Files and mounts are those of superblocks with SB_I_DMAPI.
 */
struct dmapi_provider {
	struct module	*owner;
	long		(*call)(unsigned int op, void __user *arg, size_t size,
				unsigned int flags, bool admin);
	int		(*mmap_begin)(struct inode *inode, bool write,
				      bool exec, loff_t off, u64 len);
	void		(*mmap_end)(struct inode *inode);
	int		(*attach_begin)(struct super_block *sb,
					const struct path *where);
	void		(*attach_end)(struct super_block *sb, int error);
	int		(*detach_begin)(struct super_block *sb, bool forced);
	void		(*detach_end)(struct super_block *sb, bool forced,
				      int error);
};

int dmapi_register(const struct dmapi_provider *provider);
void dmapi_unregister(const struct dmapi_provider *provider);

struct vfsmount *dmapi_get_mount(struct super_block *sb);
/* @xfs-dm-handles { */
struct vfsmount *dmapi_get_visible_mount(struct super_block *sb,
					 struct dentry *dentry);
char *dmapi_d_path(const struct path *path, char *buf, int len);
/* } @xfs-dm-handles */
bool dmapi_range_mapped(struct address_space *mapping, pgoff_t first,
			pgoff_t last);

#endif /* _LINUX_DMAPI_H */
