// SPDX-License-Identifier: GPL-2.0-only
/*
 * The built-in half of the dmapi() system call
 *
 * A system call cannot live in a module, and the file system that implements
 * the operations usually is one.  This file is the part that is always there:
 * the entry, which looks at the privilege before it looks at anything else and
 * keeps the provider's module in memory while a call runs; the files in
 * /sys/kernel/dmapi/ from which a library learns the number of the call on this
 * kernel, so that it never calls a foreign one; and the two questions about
 * mounts and mappings that only built-in code can answer.
 */
#include <linux/capability.h>
#include <linux/dmapi.h>
#include <linux/dmapi_scope.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>	/* @xfs-dm-handles */
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>	/* @xfs-dm-mounting */
#include <linux/nsproxy.h>	/* @xfs-dm-handles */
#include <linux/syscalls.h>
#include <linux/sysfs.h>
#include <linux/user_namespace.h>
#include <asm/unistd.h>
#include <uapi/linux/dmapi.h>

#include "pnode.h"	/* and mount.h, which may be included once */

static DEFINE_MUTEX(dmapi_lock);
static const struct dmapi_provider __rcu *dmapi_provider;

/**
 * dmapi_register() - become the implementation behind dmapi()
 * @provider: stays valid until dmapi_unregister() returns
 *
 * Return: 0, or -EBUSY if there is one already.
 */
int dmapi_register(const struct dmapi_provider *provider)
{
	int error = -EBUSY;

	mutex_lock(&dmapi_lock);
	if (!rcu_access_pointer(dmapi_provider)) {
		rcu_assign_pointer(dmapi_provider, provider);
		error = 0;
	}
	mutex_unlock(&dmapi_lock);
	return error;
}
EXPORT_SYMBOL_GPL(dmapi_register);

/**
 * dmapi_unregister() - stop being it
 * @provider: as registered; no call into it begins after this returns
 *
 * Calls that run hold the module, which is why its exit is not reached before
 * they have ended.
 */
void dmapi_unregister(const struct dmapi_provider *provider)
{
	mutex_lock(&dmapi_lock);
	if (rcu_access_pointer(dmapi_provider) == provider)
		RCU_INIT_POINTER(dmapi_provider, NULL);
	mutex_unlock(&dmapi_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(dmapi_unregister);

/**
 * dmapi_get_mount() - find some mount of a file system
 * @sb: an active superblock
 *
 * Invisible I/O works on files that nobody opened by a path.  Any mount of the
 * file system will do to make a struct file of one.
 *
 * Return: a mount with a reference for mntput(), or NULL if there is none.
 */
struct vfsmount *dmapi_get_mount(struct super_block *sb)
{
	struct vfsmount *found = NULL;
	struct mount *mnt;

	read_seqlock_excl(&mount_lock);
#if XFS_DM_BASE >= 703
	for (mnt = sb->s_mounts; mnt; mnt = mnt->mnt_next_for_sb) {
#else
	list_for_each_entry(mnt, &sb->s_mounts, mnt_instance) {
#endif
		if (mnt->mnt.mnt_flags & (MNT_DOOMED | MNT_SYNC_UMOUNT))
			continue;
		found = mntget(&mnt->mnt);
		break;
	}
	read_sequnlock_excl(&mount_lock);
	return found;
}
EXPORT_SYMBOL_GPL(dmapi_get_mount);

/* @xfs-dm-handles { */
/* A mount that can be written to is better, and one of all of the file system. */
static int dmapi_mount_rank(const struct vfsmount *mnt)
{
	return 2 * !(mnt->mnt_flags & MNT_READONLY) +
	       (mnt->mnt_root == mnt->mnt_sb->s_root);
}

/**
 * dmapi_get_visible_mount() - find a mount where the caller can use an object
 * @sb: an active superblock
 * @dentry: the object, which the mount shows; NULL: any
 *
 * It is in the caller's namespace, and below its root directory.
 *
 * Return: a mount with a reference for mntput(), or NULL if there is none.
 */
struct vfsmount *dmapi_get_visible_mount(struct super_block *sb,
					 struct dentry *dentry)
{
	struct mnt_namespace *ns = current->nsproxy->mnt_ns;
	struct vfsmount *found = NULL;
	struct mount *mnt;
	struct path root;

	get_fs_root(current->fs, &root);
	read_seqlock_excl(&mount_lock);
#if XFS_DM_BASE >= 703
	for (mnt = sb->s_mounts; mnt; mnt = mnt->mnt_next_for_sb) {
#else
	list_for_each_entry(mnt, &sb->s_mounts, mnt_instance) {
#endif
		struct dentry *what = dentry;

		if (mnt->mnt_ns != ns ||
		    (mnt->mnt.mnt_flags & (MNT_DOOMED | MNT_SYNC_UMOUNT)))
			continue;
		if (!what)
			what = root.mnt == &mnt->mnt ? root.dentry :
						       mnt->mnt.mnt_root;
		if (!is_subdir(what, mnt->mnt.mnt_root) ||
		    !is_path_reachable(mnt, what, &root))
			continue;
		if (!found ||
		    dmapi_mount_rank(&mnt->mnt) > dmapi_mount_rank(found))
			found = &mnt->mnt;
	}
	mntget(found);
	read_sequnlock_excl(&mount_lock);
	path_put(&root);
	return found;
}
EXPORT_SYMBOL_GPL(dmapi_get_visible_mount);

/**
 * dmapi_d_path() - the path of an object for the caller
 * @path: where it is
 * @buf: memory
 * @len: bytes of it
 *
 * Return: where in @buf it begins, at the end of which it ends;
 * ERR_PTR(-ENAMETOOLONG) if there is too little; ERR_PTR(-ENXIO) if it is not
 * below the caller's root directory.
 */
char *dmapi_d_path(const struct path *path, char *buf, int len)
{
	struct path root;
	char *p;

	get_fs_root(current->fs, &root);
	p = __d_path(path, &root, buf, len);
	path_put(&root);
	return p ? p : ERR_PTR(-ENXIO);
}
EXPORT_SYMBOL_GPL(dmapi_d_path);

/* } @xfs-dm-handles */
/**
 * dmapi_range_mapped() - is part of a file mapped in a way that hinders?
 * @mapping: the file's
 * @first: first page of the range
 * @last: last page of the range
 *
 * A range may lose its pages if nobody maps it.  An executable mapping is in
 * the way wherever it is: programs are not stopped in the middle.
 *
 * Return: true if so.
 */
bool dmapi_range_mapped(struct address_space *mapping, pgoff_t first,
			pgoff_t last)
{
	struct vm_area_struct *vma;
	bool mapped = false;

	i_mmap_lock_read(mapping);
#if XFS_DM_BASE >= 703
	mapping_rmap_tree_foreach(vma, mapping, 0, ULONG_MAX) {
#else
	vma_interval_tree_foreach(vma, &mapping->i_mmap, 0, ULONG_MAX) {
#endif
		if ((vma->vm_flags & VM_EXEC) ||
		    (vma->vm_pgoff <= last &&
		     vma->vm_pgoff + vma_pages(vma) > first)) {
			mapped = true;
			break;
		}
	}
	i_mmap_unlock_read(mapping);
	return mapped;
}
EXPORT_SYMBOL_GPL(dmapi_range_mapped);

/*
 * The file whose pages a mapping shows, if its file system has a manager.  A
 * stacked file system maps another file than it was given.
 */
static struct inode *dmapi_mmap_inode(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (inode->i_sb->s_stack_depth)
		inode = d_real_inode(file_dentry(file));
	if (S_ISREG(inode->i_mode) && (inode->i_sb->s_iflags & SB_I_DMAPI))
		return inode;
	return NULL;
}

/* The mounted file system keeps its module, and so its provider. */
static const struct dmapi_provider *dmapi_fs_provider(void)
{
	return rcu_dereference_protected(dmapi_provider, true);
}

int __dmapi_mmap_begin(struct file *file, unsigned long prot,
		       unsigned long flags, pgoff_t pgoff, size_t len,
		       struct inode **pinned)
{
	const struct dmapi_provider *provider = dmapi_fs_provider();
	struct inode *inode = dmapi_mmap_inode(file);
	struct dmapi_scope scope;
	bool write;
	int error;

	if (!inode || !provider)
		return 0;
	/* What is shared may become writable later, without a word. */
	write = (flags & MAP_TYPE) != MAP_PRIVATE &&
		(file->f_mode & FMODE_WRITE);
	dmapi_scope_begin(&scope, true);
	do {
		error = provider->mmap_begin(inode, write, prot & PROT_EXEC,
					     (loff_t)pgoff << PAGE_SHIFT,
					     PAGE_ALIGN(len));
	} while (dmapi_scope_again(&scope, error));
	error = dmapi_scope_result(&scope, error);
	if (!error) {
		/* The mapping that has the file may be gone by the end. */
		ihold(inode);
		atomic_inc(&inode->i_sb->s_active);
		*pinned = inode;
	}
	return error;
}

int __dmapi_mremap_begin(unsigned long addr, unsigned long new_len,
			 struct inode **pinned)
{
	struct mm_struct *mm = current->mm;
	unsigned long prot = 0, flags;
	struct vm_area_struct *vma;
	struct file *file = NULL;
	pgoff_t pgoff;
	int error = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, addr);
	if (vma && vma->vm_file) {
		file = get_file(vma->vm_file);
		pgoff = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
		flags = vma->vm_flags & VM_SHARED ? MAP_SHARED : MAP_PRIVATE;
		if (vma->vm_flags & VM_EXEC)
			prot = PROT_EXEC;
	}
	mmap_read_unlock(mm);
	if (file) {
		error = dmapi_mmap_begin(file, prot, flags, pgoff, new_len,
					 pinned);
		fput(file);
	}
	return error;
}

void __dmapi_mmap_end(struct inode *pinned)
{
	struct super_block *sb = pinned->i_sb;

	dmapi_fs_provider()->mmap_end(pinned);
	iput(pinned);
	deactivate_super(sb);
}

/* @xfs-dm-mounting { */
int __dmapi_attach_begin(struct super_block *sb, const struct path *where,
			 bool beneath)
{
	const struct dmapi_provider *provider = dmapi_fs_provider();
	struct path under;
	int error;

	if (!provider)
		return 0;
	if (!beneath)
		return provider->attach_begin(sb, where);
	/* It goes where the mount is on which @where is. */
	under = *where;
	path_get(&under);
	follow_up(&under);
	error = provider->attach_begin(sb, &under);
	path_put(&under);
	return error;
}

void __dmapi_attach_end(struct super_block *sb, int error)
{
	const struct dmapi_provider *provider = dmapi_fs_provider();

	if (provider)
		provider->attach_end(sb, error);
}

int __dmapi_detach_begin(struct vfsmount *mnt, int flags, bool *last)
{
	const struct dmapi_provider *provider = dmapi_fs_provider();

	if (!provider || !mnt_is_last(real_mount(mnt)))
		return 0;
	*last = true;
	return provider->detach_begin(mnt->mnt_sb,
				      flags & (MNT_FORCE | MNT_DETACH));
}

void __dmapi_detach_end(struct super_block *sb, int flags, int error)
{
	dmapi_fs_provider()->detach_end(sb, flags & (MNT_FORCE | MNT_DETACH),
					error);
}

/* } @xfs-dm-mounting */
/**
 * sys_dmapi - data storage management
 * @op: enum dmapi_op
 * @arg: the operation's structure
 * @size: its size as the caller knows it, bytes
 * @flags: must be 0
 *
 * include/uapi/linux/dmapi.h tells the operations and the order of errors.
 *
 * Without CAP_SYS_ADMIN in the initial user namespace everything depends on a
 * descriptor that somebody privileged made and handed over.  Those are the
 * provider's, who is told.
 *
 * Return: what the operation returns; -EPERM without privilege and without such
 * a descriptor; -ENODEV while no file system implements it.
 */
SYSCALL_DEFINE4(dmapi, unsigned int, op, void __user *, arg, size_t, size,
		unsigned int, flags)
{
	const struct dmapi_provider *provider;
	bool admin;
	long ret;

	/* That a worker lacks it is no news for the audit. */
	admin = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);

	rcu_read_lock();
	provider = rcu_dereference(dmapi_provider);
	if (!provider || !try_module_get(provider->owner)) {
		rcu_read_unlock();
		return admin ? -ENODEV : -EPERM;
	}
	rcu_read_unlock();

	ret = provider->call(op, arg, size, flags, admin);
	module_put(provider->owner);
	return ret;
}

static ssize_t syscall_nr_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", __NR_dmapi);
}

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "0x%08x\n", DMAPI_VERSION);
}

static struct kobj_attribute syscall_nr_attr = __ATTR_RO(syscall_nr);
static struct kobj_attribute version_attr = __ATTR_RO(version);

static const struct attribute *dmapi_attrs[] = {
	&syscall_nr_attr.attr,
	&version_attr.attr,
	NULL,
};

static int __init dmapi_init(void)
{
	struct kobject *kobj;

	kobj = kobject_create_and_add("dmapi", kernel_kobj);
	if (!kobj)
		return -ENOMEM;
	return sysfs_create_files(kobj, dmapi_attrs);
}
fs_initcall(dmapi_init);
