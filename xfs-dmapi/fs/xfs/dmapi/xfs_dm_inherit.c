// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of DM attributes that new objects inherit
 *
 * A file system has a list of names, each with a type of file or with none for
 * all types.  An object that is created begins with what its directory has under
 * those names; xfs_dm_heir.c sees to that.
 *
 * The list is an attribute of the root namespace of the root directory,
 * trusted.XDSM_INHERIT, big-endian: magic "XDMI", version, number of entries;
 * then each with its eight bytes of name, its type and nothing.  The value has
 * exactly the length that its header says, and no name is there twice.
 *
 * In memory it is an immutable copy that the mount refers to, NULL if nothing is
 * inherited.  A change makes a new one, under the root directory's IOLOCK held
 * exclusively.  Who creates something takes a reference, since it may sleep, and
 * goes by the list that was in force then.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_inode_fork.h"
#include "xfs_log.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_inherit.h"
#include "xfs_dm_ops.h"

#include <linux/uaccess.h>

#define XFS_DM_INHERIT_NAME	"XDSM_INHERIT"
#define XFS_DM_INHERIT_NAMELEN	(sizeof(XFS_DM_INHERIT_NAME) - 1)
#define XFS_DM_INHERIT_MAGIC	0x58444d49	/* XDMI */
#define XFS_DM_INHERIT_VERSION	1

struct xfs_dm_disk_heading {
	__be32			magic;
	__be16			version;
	__be16			n;
};

struct xfs_dm_disk_inherit {
	__u8			name[DMAPI_ATTR_NAME_SIZE];
	__be32			filetype;
	__be32			pad;
};

static_assert(sizeof(struct xfs_dm_disk_heading) == 8);
static_assert(sizeof(struct xfs_dm_disk_inherit) == 16);
static_assert(sizeof(struct dmapi_inherit) == 12);

static struct xfs_dm_inherit *
xfs_dm_inherit_alloc(unsigned int n)
{
	struct xfs_dm_inherit	*list;

	list = kzalloc(struct_size(list, entries, n), GFP_KERNEL);
	if (!list)
		return NULL;
	refcount_set(&list->refs, 1);
	list->n = n;
	return list;
}

/**
 * xfs_dm_inherit_put() - the caller has no use for a list any more
 * @list: what xfs_dm_inherit_get() gave, or NULL
 */
void
xfs_dm_inherit_put(struct xfs_dm_inherit *list)
{
	if (list && refcount_dec_and_test(&list->refs))
		kfree_rcu(list, rcu);
}

/**
 * xfs_dm_inherit_get() - what is inherited
 * @dm: a managed mount
 *
 * Return: the list, for xfs_dm_inherit_put(); NULL if nothing is.
 */
struct xfs_dm_inherit *
xfs_dm_inherit_get(struct xfs_dm_mount *dm)
{
	struct xfs_dm_inherit	*list;

	rcu_read_lock();
	do {
		list = rcu_dereference(dm->inherit);
	} while (list && !refcount_inc_not_zero(&list->refs));
	rcu_read_unlock();
	return list;
}

/**
 * xfs_dm_inherit_free() - a mount is going, and nobody creates anything there
 * @dm: the mount
 */
void
xfs_dm_inherit_free(struct xfs_dm_mount *dm)
{
	xfs_dm_inherit_put(rcu_dereference_protected(dm->inherit, true));
}

static bool
xfs_dm_inherit_type_valid(u32 type)
{
	switch (type) {
	case 0:
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	}
	return false;
}

/* Where a name is among the first @n entries, or @n. */
static unsigned int
xfs_dm_inherit_find(const struct xfs_dm_inherit *list, unsigned int n,
		    const u8 name[DMAPI_ATTR_NAME_SIZE])
{
	unsigned int		i;

	for (i = 0; i < n; i++) {
		if (!memcmp(list->entries[i].name, name, DMAPI_ATTR_NAME_SIZE))
			break;
	}
	return i;
}

static int
xfs_dm_inherit_parse(const void *value, size_t len,
		     struct xfs_dm_inherit **listp)
{
	const struct xfs_dm_disk_heading *hdr = value;
	const struct xfs_dm_disk_inherit *e = (const void *)(hdr + 1);
	struct xfs_dm_inherit	*list;
	unsigned int		n, i;

	if (len < sizeof(*hdr) ||
	    hdr->magic != cpu_to_be32(XFS_DM_INHERIT_MAGIC) ||
	    hdr->version != cpu_to_be16(XFS_DM_INHERIT_VERSION))
		return -EFSCORRUPTED;
	n = be16_to_cpu(hdr->n);
	if (!n || n > DMAPI_MAX_INHERIT ||
	    len != sizeof(*hdr) + n * sizeof(*e))
		return -EFSCORRUPTED;
	list = xfs_dm_inherit_alloc(n);
	if (!list)
		return -ENOMEM;
	for (i = 0; i < n; i++, e++) {
		u32		type = be32_to_cpu(e->filetype);

		if (!e->name[0] || e->pad || !xfs_dm_inherit_type_valid(type) ||
		    xfs_dm_inherit_find(list, i, e->name) < i) {
			xfs_dm_inherit_put(list);
			return -EFSCORRUPTED;
		}
		memcpy(list->entries[i].name, e->name, sizeof(e->name));
		list->entries[i].filetype = type;
	}
	*listp = list;
	return 0;
}

/* -ENODATA if there is none. */
static int
xfs_dm_inherit_read(struct xfs_mount *mp, struct xfs_dm_inherit **listp)
{
	void			*value;
	int			len, error;

	if (xfs_ifork_zapped(mp->m_rootip, XFS_ATTR_FORK))
		return -EFSCORRUPTED;
	error = xfs_dm_xattr_get(mp->m_rootip, XFS_DM_INHERIT_NAME,
				 XFS_DM_INHERIT_NAMELEN, &value, &len);
	if (error)
		return error;
	error = xfs_dm_inherit_parse(value, len, listp);
	kvfree(value);
	return error;
}

/**
 * xfs_dm_inherit_mount() - read the file system's list
 * @mp: a managed mount
 *
 * If that cannot be read, an administrator hears of it and nothing is inherited.
 *
 * Return: 0, or -ENOMEM, for which the mount fails.
 */
int
xfs_dm_inherit_mount(struct xfs_mount *mp)
{
	struct xfs_dm_inherit	*list;
	int			error = xfs_dm_inherit_read(mp, &list);

	if (!error)
		rcu_assign_pointer(mp->m_dm->inherit, list);
	else if (error == -ENOMEM)
		return error;
	else if (error != -ENODATA)
		xfs_alert(mp, "DMAPI list %s unreadable (error %d)",
			  XFS_DM_INHERIT_NAME, error);
	return 0;
}

/*
 * Store a list, which this consumes, or none, and make it what is in force.  The
 * root directory's IOLOCK is held exclusively.
 */
static int
xfs_dm_inherit_store(struct xfs_mount *mp, struct xfs_dm_inherit *list)
{
	struct xfs_dm_mount	*dm = mp->m_dm;
	struct xfs_dm_disk_heading *hdr = NULL;
	struct xfs_dm_disk_inherit *e;
	size_t			len = 0;
	unsigned int		i;
	int			error;

	if (list) {
		len = sizeof(*hdr) + list->n * sizeof(*e);
		hdr = kzalloc(len, GFP_KERNEL);
		error = -ENOMEM;
		if (!hdr)
			goto out_put;
		hdr->magic = cpu_to_be32(XFS_DM_INHERIT_MAGIC);
		hdr->version = cpu_to_be16(XFS_DM_INHERIT_VERSION);
		hdr->n = cpu_to_be16(list->n);
		e = (void *)(hdr + 1);
		for (i = 0; i < list->n; i++, e++) {
			memcpy(e->name, list->entries[i].name, sizeof(e->name));
			e->filetype = cpu_to_be32(list->entries[i].filetype);
		}
	}
	error = xfs_dm_xattr_set(mp->m_rootip, XFS_DM_INHERIT_NAME,
				 XFS_DM_INHERIT_NAMELEN, hdr, len, false);
	kfree(hdr);
	if (error == -ENODATA)
		error = 0;
	/* Without a managed mount nobody inherits, and nobody reads it. */
	if (!error && dm)
		list = rcu_replace_pointer(dm->inherit, list, true);
out_put:
	xfs_dm_inherit_put(list);
	return error;
}

/**
 * xfs_dm_inherit_is_ours() - is this the list?
 * @args: an attribute about to be changed
 *
 * On another inode than the root directory the name means nothing.
 */
bool
xfs_dm_inherit_is_ours(const struct xfs_da_args *args)
{
	return (args->attr_filter & XFS_ATTR_ROOT) &&
	       args->dp == args->dp->i_mount->m_rootip &&
	       args->namelen == XFS_DM_INHERIT_NAMELEN &&
	       !memcmp(args->name, XFS_DM_INHERIT_NAME, XFS_DM_INHERIT_NAMELEN);
}

/**
 * xfs_dm_inherit_foreign() - somebody sets or removes the list as an attribute
 * @args: name and value; IOLOCK held exclusively
 * @op: enum xfs_attr_update
 *
 * It takes effect at once.
 *
 * Return: 0; -EINVAL if the value is no list; -EEXIST and -ENODATA as @op asks.
 */
int
xfs_dm_inherit_foreign(const struct xfs_da_args *args, int op)
{
	struct xfs_mount	*mp = args->dp->i_mount;
	struct xfs_dm_inherit	*list = NULL;
	int			error = xfs_dm_inherit_read(mp, &list);
	bool			exists = error != -ENODATA;

	xfs_dm_inherit_put(list);
	list = NULL;
	if (exists && op == XFS_ATTRUPDATE_CREATE)
		return -EEXIST;
	if (!exists && (op == XFS_ATTRUPDATE_REPLACE ||
			op == XFS_ATTRUPDATE_REMOVE))
		return -ENODATA;
	if (op != XFS_ATTRUPDATE_REMOVE) {
		error = xfs_dm_inherit_parse(args->value, args->valuelen,
					     &list);
		if (error)
			return error == -EFSCORRUPTED ? -EINVAL : error;
	}
	return xfs_dm_inherit_store(mp, list);
}

static int
xfs_dm_inherit_name(u64 namep, u8 name[DMAPI_ATTR_NAME_SIZE])
{
	if (copy_from_user(name, u64_to_user_ptr(namep), DMAPI_ATTR_NAME_SIZE))
		return -EFAULT;
	return name[0] ? 0 : -EINVAL;
}

/* A list with one name more or other, or less if @type is negative. */
static struct xfs_dm_inherit *
xfs_dm_inherit_edit(const struct xfs_dm_inherit *old,
		    const u8 name[DMAPI_ATTR_NAME_SIZE], s64 type)
{
	unsigned int		n = old ? old->n : 0;
	unsigned int		at = xfs_dm_inherit_find(old, n, name);
	struct xfs_dm_inherit	*list;

	if (type < 0) {
		if (at == n)
			return ERR_PTR(-ENOENT);
		if (n == 1)
			return NULL;
		list = xfs_dm_inherit_alloc(n - 1);
		if (!list)
			return ERR_PTR(-ENOMEM);
		memcpy(list->entries, old->entries,
		       at * sizeof(list->entries[0]));
		memcpy(list->entries + at, old->entries + at + 1,
		       (n - 1 - at) * sizeof(list->entries[0]));
		return list;
	}

	if (at == DMAPI_MAX_INHERIT)
		return ERR_PTR(-ENOSPC);
	list = xfs_dm_inherit_alloc(max(n, at + 1));
	if (!list)
		return ERR_PTR(-ENOMEM);
	if (n)
		memcpy(list->entries, old->entries,
		       n * sizeof(list->entries[0]));
	memcpy(list->entries[at].name, name, DMAPI_ATTR_NAME_SIZE);
	list->entries[at].filetype = type;
	return list;
}

static long
xfs_dm_inherit_change(struct xfs_dm_call *call,
		      const u8 name[DMAPI_ATTR_NAME_SIZE], s64 type)
{
	struct xfs_mount	*mp = READ_ONCE(call->fs->fs_mount);
	struct xfs_dm_inherit	*list;
	long			error;

	error = xfs_dm_lock(mp->m_rootip, 0);
	if (error)
		return error;
	list = xfs_dm_inherit_edit(rcu_dereference_protected(mp->m_dm->inherit,
							     true), name, type);
	error = PTR_ERR_OR_ZERO(list);
	if (!error)
		error = xfs_dm_inherit_store(mp, list);
	xfs_dm_unlock(mp->m_rootip);
	return error ? error : xfs_log_force(mp, XFS_LOG_SYNC);
}

/*
 * DMAPI_SET_INHERIT: EINVAL @mode is no type, empty name; EFAULT; ENOSPC the list
 * is full, or the disk; EROFS, EIO.
 */
static long
xfs_dm_op_set_inherit(struct xfs_dm_call *call)
{
	struct dmapi_set_inherit *arg = (void *)call->arg.bytes;
	u8			name[DMAPI_ATTR_NAME_SIZE];
	int			error;

	if (arg->pad || !xfs_dm_inherit_type_valid(arg->mode))
		return -EINVAL;
	error = xfs_dm_inherit_name(arg->namep, name);
	if (error)
		return error;
	return xfs_dm_inherit_change(call, name, arg->mode);
}

/* DMAPI_CLEAR_INHERIT: EINVAL empty name; EFAULT; ENOENT; EROFS, EIO. */
static long
xfs_dm_op_clear_inherit(struct xfs_dm_call *call)
{
	struct dmapi_set_inherit *arg = (void *)call->arg.bytes;
	u8			name[DMAPI_ATTR_NAME_SIZE];
	int			error;

	if (arg->pad || arg->mode)
		return -EINVAL;
	error = xfs_dm_inherit_name(arg->namep, name);
	if (error)
		return error;
	return xfs_dm_inherit_change(call, name, -1);
}

/* DMAPI_GETALL_INHERIT: E2BIG with the number of entries in *nelemp; EFAULT. */
static long
xfs_dm_op_getall_inherit(struct xfs_dm_call *call)
{
	struct dmapi_getall_inherit *arg = (void *)call->arg.bytes;
	struct xfs_mount	*mp = READ_ONCE(call->fs->fs_mount);
	struct xfs_dm_inherit	*list;
	unsigned int		n;
	long			error = 0;

	if (arg->pad)
		return -EINVAL;
	list = xfs_dm_inherit_get(mp->m_dm);
	n = list ? list->n : 0;
	if (n > arg->nelem)
		error = -E2BIG;
	else if (n && copy_to_user(u64_to_user_ptr(arg->bufp), list->entries,
				   n * sizeof(list->entries[0])))
		error = -EFAULT;
	if (error != -EFAULT && xfs_dm_put_u32(arg->nelemp, n))
		error = -EFAULT;
	xfs_dm_inherit_put(list);
	return error;
}

#define XFS_DM_INHERIT_NEEDS	(XFS_DM_OP_OBJECT | XFS_DM_OP_FS)

const struct xfs_dm_op xfs_dm_inherit_ops[] = {
	{
		.number	= DMAPI_SET_INHERIT,
		.size	= sizeof(struct dmapi_set_inherit),
		.needs	= XFS_DM_INHERIT_NEEDS | XFS_DM_OP_WRITE,
		.call	= xfs_dm_op_set_inherit,
	},
	{
		.number	= DMAPI_CLEAR_INHERIT,
		.size	= sizeof(struct dmapi_set_inherit),
		.needs	= XFS_DM_INHERIT_NEEDS | XFS_DM_OP_WRITE,
		.call	= xfs_dm_op_clear_inherit,
	},
	{
		.number	= DMAPI_GETALL_INHERIT,
		.size	= sizeof(struct dmapi_getall_inherit),
		.needs	= XFS_DM_INHERIT_NEEDS,
		.call	= xfs_dm_op_getall_inherit,
	},
	{ },
};
