// SPDX-License-Identifier: GPL-2.0-only
/*
 * From handles to names
 *
 * A handle says nothing about where its object is.  Together with the directory's
 * it does: some entry there names the object, and the directory, which has one
 * place only, has a path.
 *
 * The entry is looked for with the directory locked, so that no renaming moves it
 * from where the search will come to where it has been; and with a reference to
 * the object, so that its inode number cannot become another's: an entry with the
 * number is one of the object, whatever generation the directory does not tell.
 * Where objects know their parents the answer is in the object's own attributes,
 * and the size of the directory does not matter.
 *
 * The directory's path is the one that the caller sees: on a mount of his
 * namespace, below his root.  The dcache has it, once the directory is connected
 * in there, which is done as a file server does it.  That wants a name of each
 * directory on the way up that is not in there yet, and finds it by the same
 * search: the generic one opens directories, as if a user did, and the manager
 * would hear of that.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_dir2.h"
#include "xfs_dir2_priv.h"
#include "xfs_export.h"
#include "xfs_parent.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/dmapi.h>
#include <linux/exportfs.h>
#include <linux/mount.h>
#include <linux/namei.h>

/* The longest path that is told, bytes: many times what a call takes. */
#define XFS_DM_PATH_MAX		SZ_1M

/* Of directories that are read in search of a name, bytes */
#define XFS_DM_PATH_READAHEAD	SZ_32K

/**
 * struct xfs_dm_entry - a name that is looked for
 * @dir: the search through a directory,
 * @attr: or through an object's attributes
 * @dp: the directory
 * @ip: the object
 * @name: room for NAME_MAX + 1 bytes
 * @len: its length, 0 if it was not found
 * @error: why the search ended early
 */
struct xfs_dm_entry {
	union {
		struct dir_context		dir;
		struct xfs_attr_list_context	attr;
	};
	struct xfs_inode	*dp;
	struct xfs_inode	*ip;
	char			*name;
	unsigned int		len;
	int			error;
};

/* False: this is it, or nobody wants to know any more. */
static bool
xfs_dm_entry_actor(struct dir_context *ctx, const char *name, int len,
		   loff_t pos, u64 ino, unsigned int type)
{
	struct xfs_dm_entry	*e = container_of(ctx, struct xfs_dm_entry, dir);

	if (fatal_signal_pending(current)) {
		e->error = -EINTR;
		return false;
	}
	if (ino != xfs_dm_ino(e->ip) || len > NAME_MAX ||
	    name_is_dot_dotdot(name, len))
		return true;
	memcpy(e->name, name, len);
	e->len = len;
	return false;
}

static void
xfs_dm_entry_put_listent(struct xfs_attr_list_context *context, int flags,
			 unsigned char *name, int namelen, void *value,
			 int valuelen)
{
	struct xfs_dm_entry	*e = container_of(context, struct xfs_dm_entry,
						  attr);
	xfs_ino_t		ino;
	u32			gen;

	if (!(flags & XFS_ATTR_PARENT) || namelen > NAME_MAX)
		return;
	e->error = xfs_parent_from_attr(e->ip->i_mount, flags, name, namelen,
					value, valuelen, &ino, &gen);
	if (e->error) {
		context->seen_enough = 1;
		return;
	}
	if (ino != xfs_dm_ino(e->dp) || gen != VFS_I(e->dp)->i_generation)
		return;
	memcpy(e->name, name, namelen);
	e->len = namelen;
	context->seen_enough = 1;
}

/*
 * The name of @ip in the directory @dp, with a NUL, in NAME_MAX + 1 bytes.
 * Returns its length; -ENOENT if there is none; -EINTR.
 */
static int
xfs_dm_entry_find(struct xfs_inode *dp, struct xfs_inode *ip, char *name)
{
	struct xfs_dm_entry	e = { .dp = dp, .ip = ip, .name = name };
	int			error;

	error = down_read_killable(&VFS_I(dp)->i_rwsem);
	if (error)
		return error;
	if (xfs_has_parent(ip->i_mount)) {
		e.attr.dp = ip;
		e.attr.resynch = 1;
		e.attr.bufsize = INT_MAX;
		e.attr.attr_filter = XFS_ATTR_PARENT;
		e.attr.put_listent = xfs_dm_entry_put_listent;
		error = xfs_attr_list(&e.attr);
	} else {
		e.dir.actor = xfs_dm_entry_actor;
#if XFS_DM_BASE >= 703
		e.dir.count = INT_MAX;
#endif
		error = xfs_readdir(NULL, dp, &e.dir, XFS_DM_PATH_READAHEAD);
	}
	inode_unlock_shared(VFS_I(dp));
	if (!error)
		error = e.error;
	if (error)
		return error;
	name[e.len] = 0;
	return e.len ? e.len : -ENOENT;
}

/**
 * xfs_dm_get_name() - the name of an object in a directory, for exportfs
 * @parent: the directory
 * @name: room for NAME_MAX + 1 bytes
 * @child: the object
 *
 * Return: 0; -ENOENT if it is not there; -EINTR.
 */
int
xfs_dm_get_name(struct dentry *parent, char *name, struct dentry *child)
{
	int			len;

	len = xfs_dm_entry_find(XFS_I(d_inode(parent)), XFS_I(d_inode(child)),
				name);
	return len < 0 ? len : 0;
}

static int
xfs_dm_path_acceptable(void *context, struct dentry *dentry)
{
	return 1;
}

/**
 * xfs_dm_path_of() - a path by which the caller can use an object
 * @ip: the object; a directory will be connected
 * @path: result, for path_put()
 *
 * Return: 0; 1 if the object is on no mount that the caller can see, but others
 * of the file system are, one of which this is; -ENXIO if there are none; -ENOENT
 * if a directory was removed; -ENOMEM.
 */
int
xfs_dm_path_of(struct xfs_inode *ip, struct path *path)
{
	struct super_block	*sb = VFS_I(ip)->i_sb;
	struct xfs_fid64	fid = {
		.ino	= xfs_dm_ino(ip),
		.gen	= VFS_I(ip)->i_generation,
	};
	struct vfsmount		*any, *mnt;
	struct dentry		*dentry;

	any = dmapi_get_visible_mount(sb, NULL);
	if (!any)
		return -ENXIO;
	dentry = exportfs_decode_fh(any, (struct fid *)&fid, 3,
				    FILEID_INO32_GEN | XFS_FILEID_TYPE_64FLAG,
				    xfs_dm_path_acceptable, NULL);
	if (IS_ERR(dentry)) {
		mntput(any);
		return dentry == ERR_PTR(-ESTALE) ? -ENOENT : PTR_ERR(dentry);
	}
	path->dentry = dentry;
	mnt = dmapi_get_visible_mount(sb, dentry);
	path->mnt = mnt ? mnt : any;
	if (!mnt)
		return 1;
	mntput(any);
	return 0;
}

/*
 * The path of a directory with @name below it, "" for its own, in memory for
 * kvfree(); @pathp is where it begins.  Returns its length with the NUL.
 */
static int
xfs_dm_path_make(const struct path *dir, const char *name, char **bufp,
		 char **pathp)
{
	unsigned int		tail = NAME_MAX + 1;	/* a slash and the name */
	unsigned int		size;
	char			*buf, *p, *end;

	for (size = PATH_MAX; ; size *= 2) {
		buf = kvmalloc(size, GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
		p = dmapi_d_path(dir, buf, size - tail);
		if (!IS_ERR(p))
			break;
		kvfree(buf);
		if (p != ERR_PTR(-ENAMETOOLONG) || size == XFS_DM_PATH_MAX)
			return PTR_ERR(p);
	}

	end = buf + size - tail - 1;	/* the NUL */
	if (*name && end - p > 1)
		*end++ = '/';
	end += strscpy(end, name, NAME_MAX + 1);
	*bufp = buf;
	*pathp = p;
	return end + 1 - p;
}

/* The handle of the target; -EBADF of another file system. */
static int
xfs_dm_path_target(struct xfs_dm_call *call,
		   const struct dmapi_handle_to_path *arg,
		   struct xfs_inode **ipp)
{
	u8			handle[DMAPI_HANDLE_LEN];

	if (arg->targhlen != sizeof(handle))
		return -EBADF;
	if (copy_from_user(handle, u64_to_user_ptr(arg->targhanp),
			   sizeof(handle)))
		return -EFAULT;
	if (memcmp(handle, &call->fs->fs_id, sizeof(call->fs->fs_id)))
		return -EBADF;
	return xfs_dm_handle_inode(call->ip->i_mount, handle, ipp);
}

/* DMAPI_HANDLE_TO_PATH */
static long
xfs_dm_op_handle_to_path(struct xfs_dm_call *call)
{
	struct dmapi_handle_to_path *arg = (void *)call->arg.bytes;
	struct xfs_inode	*dp = call->ip;
	struct xfs_inode	*ip;
	struct path		dir;
	char			name[NAME_MAX + 1] = "";
	char			*buf, *path;
	int			len, error;

	if (!dp || !S_ISDIR(VFS_I(dp)->i_mode))
		return -EBADF;
	error = xfs_dm_path_target(call, arg, &ip);
	if (error)
		return error;
	len = ip == dp ? 0 : xfs_dm_entry_find(dp, ip, name);
	xfs_irele(ip);
	if (len < 0)
		return len == -ENOENT ? -EINVAL : len;

	error = xfs_dm_path_of(dp, &dir);
	if (error < 0)
		return error;
	if (error)
		error = -ENXIO;
	else if (d_unlinked(dir.dentry))
		error = -ENOENT;
	else
		error = xfs_dm_path_make(&dir, name, &buf, &path);
	path_put(&dir);
	if (error < 0)
		return error;

	len = error;
	error = 0;
	if (len > arg->buflen)
		error = -E2BIG;
	else if (copy_to_user(u64_to_user_ptr(arg->pathbufp), path, len))
		error = -EFAULT;
	if (error != -EFAULT && xfs_dm_put_u64(arg->rlenp, len))
		error = -EFAULT;
	kvfree(buf);
	return error;
}

const struct xfs_dm_op xfs_dm_path_ops[] = {
	{
		.number	= DMAPI_HANDLE_TO_PATH,
		.size	= sizeof(struct dmapi_handle_to_path),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_ANYBODY |
			  XFS_DM_OP_FS | XFS_DM_OP_ANYINODE,
		.call	= xfs_dm_op_handle_to_path,
	},
	{ },
};
