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

struct module;
struct super_block;
struct address_space;
struct vfsmount;

/**
 * struct dmapi_provider - an implementation of the operations
 * @owner: its module, which every call holds while it runs
 * @call: the operation itself; privilege has been checked
 */
struct dmapi_provider {
	struct module	*owner;
	long		(*call)(unsigned int op, void __user *arg, size_t size,
				unsigned int flags);
};

int dmapi_register(const struct dmapi_provider *provider);
void dmapi_unregister(const struct dmapi_provider *provider);

struct vfsmount *dmapi_get_mount(struct super_block *sb);
bool dmapi_range_mapped(struct address_space *mapping, pgoff_t first,
			pgoff_t last);

#endif /* _LINUX_DMAPI_H */
