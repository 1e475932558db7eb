// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects that come back under their handles
 *
 * What was deleted, and is restored, has its old handle if its inode has the old
 * number and the old generation.  Whatever knows the object by its handle, the
 * archive's catalogue for one, knows the new one then.
 *
 * The VFS creates it as it creates anything, with the directory locked, asking for
 * permissions, telling those who watch.  Before it does so, it is noted which
 * inode is wanted, and for whose creation; the allocation finds the note, and so
 * does what gives the inode its generation.  A note is found by its task and the
 * directory: others create in there unlocked (O_TMPFILE).  No event is raised for
 * what the manager does himself.
 *
 * An inode that was deleted a moment ago may not be free yet, and blocks that were
 * not be free to use.  So whoever meets something in the way looks again after
 * deletions have been finished and the log has been written.
 */
#include "xfs_dm_compat.h"
#include "xfs_extent_busy.h"
#include "xfs_icache.h"
#include "xfs_log.h"
#include "xfs_symlink_remote.h"
#include "xfs_trans.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/filelock.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/uaccess.h>

/**
 * struct xfs_dm_wanted - an inode that a creation is to get
 * @list: the notes
 * @task: who creates
 * @dp: where
 * @ino: its number
 * @gen: its generation
 * @in_the_way: something was, which may go away
 */
struct xfs_dm_wanted {
	struct list_head	list;
	struct task_struct	*task;
	struct xfs_inode	*dp;
	xfs_ino_t		ino;
	u32			gen;
	bool			in_the_way;
};

static LIST_HEAD(xfs_dm_wanted_list);
static DEFINE_SPINLOCK(xfs_dm_wanted_lock);

/* What the caller's creation in @dp wants, if it is one by handle. */
static struct xfs_dm_wanted *
xfs_dm_wanted_find(const struct xfs_inode *dp)
{
	struct xfs_dm_wanted	*found = NULL;
	struct xfs_dm_wanted	*w;

	if (list_empty(&xfs_dm_wanted_list))
		return NULL;
	spin_lock(&xfs_dm_wanted_lock);
	list_for_each_entry(w, &xfs_dm_wanted_list, list) {
		if (w->task == current && w->dp == dp) {
			found = w;
			break;
		}
	}
	spin_unlock(&xfs_dm_wanted_lock);
	return found;
}

/**
 * xfs_dm_wants_inode() - does the caller create something by handle?
 * @dp: the directory
 */
bool
xfs_dm_wants_inode(const struct xfs_inode *dp)
{
	return xfs_dm_wanted_find(dp);
}

bool
__xfs_dm_dialloc(struct xfs_inode *dp, struct xfs_trans **tpp, xfs_ino_t *inop,
		 int *errorp)
{
	struct xfs_dm_wanted	*w = xfs_dm_wanted_find(dp);

	if (!w)
		return false;
	*errorp = xfs_dm_ialloc(tpp, w->ino);
	if (*errorp == -EEXIST || *errorp == -ENOSPC)
		w->in_the_way = true;
	*inop = w->ino;
	return true;
}

/**
 * xfs_dm_wanted_gen() - an inode was made, and may have the wrong generation
 * @dp: its directory
 * @ip: the inode, which nobody can see yet, and which the transaction logs
 */
void
xfs_dm_wanted_gen(const struct xfs_inode *dp, struct xfs_inode *ip)
{
	struct xfs_dm_wanted	*w = xfs_dm_wanted_find(dp);

	if (w && w->ino == xfs_dm_ino(ip))
		VFS_I(ip)->i_generation = w->gen;
}

/* --- The VFS ------------------------------------------------------------------ */

#if XFS_DM_BASE < 703
/* Directories are not delegated to anybody here. */
struct delegated_inode {
};

static bool is_delegated(struct delegated_inode *di)
{
	return false;
}

static int xfs_dm_break_deleg_wait(struct delegated_inode *di)
{
	return 0;
}

static struct dentry *
start_creating(struct mnt_idmap *idmap, struct dentry *parent,
	       struct qstr *name)
{
	struct inode		*dir = d_inode(parent);
	struct dentry		*dentry;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one(idmap, name->name, parent, name->len);
	if (!IS_ERR(dentry) && d_is_positive(dentry)) {
		dput(dentry);
		dentry = ERR_PTR(-EEXIST);
	}
	if (IS_ERR(dentry))
		inode_unlock(dir);
	return dentry;
}

static void
end_creating(struct dentry *dentry)
{
	inode_unlock(d_inode(dentry->d_parent));
	dput(dentry);
}

#else
#define xfs_dm_break_deleg_wait(di)	break_deleg_wait(di)

#endif
/* Locked by start_creating(), unlocked afterwards. */
static int
xfs_dm_create_vfs(struct dentry *dentry, umode_t mode, const char *contents,
		  struct delegated_inode *delegated)
{
	struct mnt_idmap	*idmap = &nop_mnt_idmap;
	struct inode		*dir = d_inode(dentry->d_parent);
	int			error;

#if XFS_DM_BASE >= 703
	if (S_ISDIR(mode)) {
		dentry = vfs_mkdir(idmap, dir, dentry, mode & S_IALLUGO,
				   delegated);
		/* It is unlocked after an error. */
		if (IS_ERR(dentry))
			return PTR_ERR(dentry);
		error = 0;
	} else if (S_ISLNK(mode)) {
		error = vfs_symlink(idmap, dir, dentry, contents, delegated);
	} else {
		error = vfs_create(idmap, dentry, mode, delegated);
	}
#else
	if (S_ISDIR(mode))
		error = vfs_mkdir(idmap, dir, dentry, mode & S_IALLUGO);
	else if (S_ISLNK(mode))
		error = vfs_symlink(idmap, dir, dentry, contents);
	else
		error = vfs_create(idmap, dir, dentry, mode, true);
#endif
	end_creating(dentry);
	return error;
}

/* Create it, with nothing held before and after. */
static int
xfs_dm_create_once(struct xfs_dm_wanted *w, char *name, umode_t mode,
		   const char *contents)
{
	struct inode		*dir = VFS_I(w->dp);
	struct delegated_inode	delegated = { };
	struct dentry		*dentry;
	struct path		parent;
	struct qstr		qname = QSTR_INIT(name, strlen(name));
	int			error;

	do {
		/*
		 * Names are cached below a directory, and an unmount finds those
		 * that are below the root: so it has to have its place.
		 */
		error = xfs_dm_path_of(w->dp, &parent);
		if (error < 0)
			return error;
		sb_start_write(dir->i_sb);
		dentry = start_creating(&nop_mnt_idmap, parent.dentry, &qname);
		error = PTR_ERR_OR_ZERO(dentry);
		if (!error) {
			spin_lock(&xfs_dm_wanted_lock);
			list_add(&w->list, &xfs_dm_wanted_list);
			spin_unlock(&xfs_dm_wanted_lock);
			error = xfs_dm_create_vfs(dentry, mode, contents,
						  &delegated);
			spin_lock(&xfs_dm_wanted_lock);
			list_del(&w->list);
			spin_unlock(&xfs_dm_wanted_lock);
		}
		sb_end_write(dir->i_sb);
		path_put(&parent);
		if (!is_delegated(&delegated))
			return error;
		error = xfs_dm_break_deleg_wait(&delegated);
	} while (!error);
	return error;
}

/* --- The operations ------------------------------------------------------------ */

/* The handle that is wanted: -EBADF if nothing in a directory can have it. */
static int
xfs_dm_create_handle(struct xfs_dm_call *call, struct xfs_dm_wanted *w)
{
	const struct dmapi_create_by_handle *arg = (void *)call->arg.bytes;
	struct xfs_mount	*mp = call->ip->i_mount;
	u8			handle[DMAPI_HANDLE_LEN];
	u64			fsid;

	if (arg->targhlen != sizeof(handle))
		return -EBADF;
	if (copy_from_user(handle, u64_to_user_ptr(arg->targhanp),
			   sizeof(handle)))
		return -EFAULT;
	if (!xfs_dm_handle_parse(handle, &fsid, &w->ino, &w->gen) ||
	    fsid != call->fs->fs_id || !xfs_verify_dir_ino(mp, w->ino))
		return -EBADF;
	return 0;
}

/* A string of less than @size bytes, for kfree(). */
static char *
xfs_dm_create_string(u64 uptr, long size)
{
	char			*s = kmalloc(size, GFP_KERNEL);
	long			len;

	if (!s)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(s, u64_to_user_ptr(uptr), size);
	if (len >= 0 && len < size)
		return s;
	kfree(s);
	return ERR_PTR(len < 0 ? len : -ENAMETOOLONG);
}

static int
xfs_dm_create_wanted(struct xfs_dm_wanted *w, char *name, umode_t mode,
		     const char *contents)
{
	struct xfs_mount	*mp = w->dp->i_mount;
	int			error;

	error = xfs_dm_create_once(w, name, mode, contents);
	if (!error || !w->in_the_way)
		return error;
	xfs_inodegc_flush(mp);
	error = xfs_log_force(mp, XFS_LOG_SYNC);
	if (error)
		return error;
	xfs_extent_busy_wait_all(mp);
	return xfs_dm_create_once(w, name, mode, contents);
}

static long
xfs_dm_create_object(struct xfs_dm_call *call, umode_t mode)
{
	const struct dmapi_create_by_handle *arg = (void *)call->arg.bytes;
	struct xfs_dm_wanted	w = { .task = current, .dp = call->ip };
	char			*contents = NULL;
	char			*name;
	int			error;

	error = xfs_dm_create_handle(call, &w);
	if (error)
		return error;
	name = xfs_dm_create_string(arg->namep, NAME_MAX + 1);
	if (IS_ERR(name))
		return PTR_ERR(name);
	error = -EINVAL;
	if (!*name || strchr(name, '/') || name_is_dot_dotdot(name, strlen(name)))
		goto out;
	if (S_ISLNK(mode)) {
		contents = xfs_dm_create_string(arg->pathp, XFS_SYMLINK_MAXLEN);
		error = PTR_ERR_OR_ZERO(contents);
		if (!error && !*contents)
			error = -ENOENT;
	} else if (!arg->pathp) {
		error = 0;
	}
	if (!error)
		error = xfs_dm_create_wanted(&w, name, mode, contents);
	if (!IS_ERR(contents))
		kfree(contents);
out:
	kfree(name);
	return error;
}

/* DMAPI_CREATE_BY_HANDLE */
static long
xfs_dm_op_create_by_handle(struct xfs_dm_call *call)
{
	return xfs_dm_create_object(call, S_IFREG | 0600);
}

/* DMAPI_MKDIR_BY_HANDLE */
static long
xfs_dm_op_mkdir_by_handle(struct xfs_dm_call *call)
{
	return xfs_dm_create_object(call, S_IFDIR | 0700);
}

/* DMAPI_SYMLINK_BY_HANDLE */
static long
xfs_dm_op_symlink_by_handle(struct xfs_dm_call *call)
{
	return xfs_dm_create_object(call, S_IFLNK | 0777);
}

#define XFS_DM_CREATE_NEEDS	(XFS_DM_OP_OBJECT | XFS_DM_OP_DIR | XFS_DM_OP_WRITE)

const struct xfs_dm_op xfs_dm_create_ops[] = {
	{
		.number	= DMAPI_CREATE_BY_HANDLE,
		.size	= sizeof(struct dmapi_create_by_handle),
		.needs	= XFS_DM_CREATE_NEEDS,
		.call	= xfs_dm_op_create_by_handle,
	},
	{
		.number	= DMAPI_MKDIR_BY_HANDLE,
		.size	= sizeof(struct dmapi_create_by_handle),
		.needs	= XFS_DM_CREATE_NEEDS,
		.call	= xfs_dm_op_mkdir_by_handle,
	},
	{
		.number	= DMAPI_SYMLINK_BY_HANDLE,
		.size	= sizeof(struct dmapi_create_by_handle),
		.needs	= XFS_DM_CREATE_NEEDS,
		.call	= xfs_dm_op_symlink_by_handle,
	},
	{ },
};
