// SPDX-License-Identifier: GPL-2.0-only
/*
 * DM attributes
 *
 * Opaque values that belong to the DM application, under names of eight bytes.
 * They are extended attributes of the root namespace, named "SGI_DMI_" and the
 * name up to its first NUL, byte for byte as SGI's XFS, DMF and xfsdump have
 * them.
 *
 * A name may hold a NUL and go on behind it, which an extended attribute's
 * cannot.  Such a name becomes "SGI_DMX_" and its eight bytes in hexadecimal; no
 * name that SGI could store takes this form.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/hex.h>

#define XFS_DM_ATTR_PREFIX	"SGI_DMI_"
#define XFS_DM_ATTR_ESCAPED	"SGI_DMX_"
#define XFS_DM_ATTR_PREFIX_LEN	8
static_assert(XFS_DM_ATTR_NAME_MAX - XFS_DM_ATTR_PREFIX_LEN == 16);

/* Turn a DM name into an attribute's; returns its length, 0 for an empty one. */
int
xfs_dm_attr_encode(const u8 dmname[DMAPI_ATTR_NAME_SIZE], char *name)
{
	int			len = strnlen(dmname, DMAPI_ATTR_NAME_SIZE);

	if (!len)
		return 0;
	if (!memchr_inv(dmname + len, 0, DMAPI_ATTR_NAME_SIZE - len)) {
		memcpy(name, XFS_DM_ATTR_PREFIX, XFS_DM_ATTR_PREFIX_LEN);
		memcpy(name + XFS_DM_ATTR_PREFIX_LEN, dmname, len);
		return XFS_DM_ATTR_PREFIX_LEN + len;
	}
	memcpy(name, XFS_DM_ATTR_ESCAPED, XFS_DM_ATTR_PREFIX_LEN);
	bin2hex(name + XFS_DM_ATTR_PREFIX_LEN, dmname, DMAPI_ATTR_NAME_SIZE);
	return XFS_DM_ATTR_NAME_MAX;
}

/* The way back; false if the attribute is none of the application's. */
static bool
xfs_dm_attr_decode(const u8 *name, int len, u8 dmname[DMAPI_ATTR_NAME_SIZE])
{
	char			same[XFS_DM_ATTR_NAME_MAX];

	len -= XFS_DM_ATTR_PREFIX_LEN;
	if (len <= 0)
		return false;
	if (!memcmp(name, XFS_DM_ATTR_PREFIX, XFS_DM_ATTR_PREFIX_LEN) &&
	    len <= DMAPI_ATTR_NAME_SIZE) {
		memset(dmname, 0, DMAPI_ATTR_NAME_SIZE);
		memcpy(dmname, name + XFS_DM_ATTR_PREFIX_LEN, len);
		return true;
	}
	if (memcmp(name, XFS_DM_ATTR_ESCAPED, XFS_DM_ATTR_PREFIX_LEN) ||
	    len != 2 * DMAPI_ATTR_NAME_SIZE ||
	    hex2bin(dmname, name + XFS_DM_ATTR_PREFIX_LEN,
		    DMAPI_ATTR_NAME_SIZE))
		return false;
	/* One form for each name: no other is ours, whoever made it. */
	return xfs_dm_attr_encode(dmname, same) == XFS_DM_ATTR_NAME_MAX &&
	       !memcmp(name, same, XFS_DM_ATTR_NAME_MAX);
}

static int
xfs_dm_attr_name(const struct dmapi_dmattr *arg, char *name)
{
	u8				dmname[DMAPI_ATTR_NAME_SIZE];
	int				len;

	if (copy_from_user(dmname, u64_to_user_ptr(arg->namep),
			   sizeof(dmname)))
		return -EFAULT;
	len = xfs_dm_attr_encode(dmname, name);
	return len ? len : -EINVAL;
}

/* DMAPI_SET_DMATTR: EINVAL empty name; E2BIG value too long; EROFS, ENOSPC. */
static long
xfs_dm_op_set_dmattr(struct xfs_dm_call *call)
{
	struct dmapi_dmattr	*arg = (void *)call->arg.bytes;
	char			name[XFS_DM_ATTR_NAME_MAX];
	void			*value;
	int			namelen;
	long			error;

	if (arg->pad || arg->rlenp)
		return -EINVAL;
	namelen = xfs_dm_attr_name(arg, name);
	if (namelen < 0)
		return namelen;
	if (arg->buflen > DMAPI_MAX_ATTRIBUTE_SIZE)
		return -E2BIG;
	value = kvmalloc(max_t(u64, arg->buflen, 1), GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	error = -EFAULT;
	if (copy_from_user(value, u64_to_user_ptr(arg->bufp), arg->buflen))
		goto out_free;

	error = xfs_dm_lock(call->ip, 0);
	if (error)
		goto out_free;
	error = xfs_dm_xattr_set(call->ip, name, namelen, value, arg->buflen,
				 arg->setdtime);
	xfs_dm_unlock(call->ip);
out_free:
	kvfree(value);
	return error;
}

/* DMAPI_REMOVE_DMATTR: ENOENT if there is none. */
static long
xfs_dm_op_remove_dmattr(struct xfs_dm_call *call)
{
	struct dmapi_dmattr	*arg = (void *)call->arg.bytes;
	char			name[XFS_DM_ATTR_NAME_MAX];
	int			namelen;
	long			error;

	if (arg->pad || arg->buflen || arg->bufp || arg->rlenp)
		return -EINVAL;
	namelen = xfs_dm_attr_name(arg, name);
	if (namelen < 0)
		return namelen;
	error = xfs_dm_lock(call->ip, 0);
	if (error)
		return error;
	error = xfs_dm_xattr_set(call->ip, name, namelen, NULL, 0,
				 arg->setdtime);
	xfs_dm_unlock(call->ip);
	return error == -ENODATA ? -ENOENT : error;
}

/* DMAPI_GET_DMATTR: ENOENT; E2BIG with the length in *rlenp. */
static long
xfs_dm_op_get_dmattr(struct xfs_dm_call *call)
{
	struct dmapi_dmattr	*arg = (void *)call->arg.bytes;
	char			name[XFS_DM_ATTR_NAME_MAX];
	void			*value;
	int			namelen, len;
	long			error;

	if (arg->pad || arg->setdtime)
		return -EINVAL;
	namelen = xfs_dm_attr_name(arg, name);
	if (namelen < 0)
		return namelen;
	error = xfs_dm_xattr_get(call->ip, name, namelen, &value, &len);
	if (error)
		return error == -ENODATA ? -ENOENT : error;
	if (len > arg->buflen)
		error = -E2BIG;
	else if (copy_to_user(u64_to_user_ptr(arg->bufp), value, len))
		error = -EFAULT;
	if (error != -EFAULT && xfs_dm_put_u64(arg->rlenp, len))
		error = -EFAULT;
	kvfree(value);
	return error;
}

/* The names that a listing meets. */
struct xfs_dm_attr_names {
	struct xfs_attr_list_context	context;
	u8				(*names)[DMAPI_ATTR_NAME_SIZE];
	unsigned int			n;
	unsigned int			max;
};

static void
xfs_dm_attr_put_listent(struct xfs_attr_list_context *context, int flags,
			unsigned char *name, int namelen, void *value,
			int valuelen)
{
	struct xfs_dm_attr_names	*list = container_of(context,
							     struct xfs_dm_attr_names, context);
	u8				dmname[DMAPI_ATTR_NAME_SIZE];

	if (!(flags & XFS_ATTR_ROOT) ||
	    !xfs_dm_attr_decode(name, namelen, dmname))
		return;
	if (list->n < list->max)
		memcpy(list->names[list->n], dmname, sizeof(dmname));
	list->n++;
}

static int
xfs_dm_attr_list(struct xfs_inode *ip, struct xfs_dm_attr_names *list,
		 unsigned int max)
{
	memset(list, 0, sizeof(*list));
	list->max = max;
	if (max) {
		list->names = kvcalloc(max, sizeof(list->names[0]), GFP_KERNEL);
		if (!list->names)
			return -ENOMEM;
	}
	list->context.dp = ip;
	list->context.resynch = 1;
	list->context.firstu = INT_MAX;
	list->context.bufsize = INT_MAX;
	list->context.attr_filter = XFS_ATTR_ROOT;
	list->context.put_listent = xfs_dm_attr_put_listent;
	return xfs_attr_list(&list->context);
}

/* @xfs-dm-fileattr { */
static void
xfs_dm_attr_any_listent(struct xfs_attr_list_context *context, int flags,
			unsigned char *name, int namelen, void *value,
			int valuelen)
{
	u8				dmname[DMAPI_ATTR_NAME_SIZE];

	if ((flags & XFS_ATTR_ROOT) &&
	    xfs_dm_attr_decode(name, namelen, dmname))
		context->seen_enough = 1;
}

/**
 * xfs_dm_attr_any() - does an object have DM attributes?
 * @ip: the object; not under ILOCK
 *
 * Return: 1 if so, 0 if not, negated errno.
 */
int
xfs_dm_attr_any(struct xfs_inode *ip)
{
	struct xfs_attr_list_context	context = {
		.dp		= ip,
		.resynch	= 1,
		.firstu		= INT_MAX,
		.bufsize	= INT_MAX,
		.attr_filter	= XFS_ATTR_ROOT,
		.put_listent	= xfs_dm_attr_any_listent,
	};
	int				error;

	if (!xfs_inode_has_attr_fork(ip))
		return 0;
	error = xfs_attr_list(&context);
	return error ? error : context.seen_enough;
}

/* } @xfs-dm-fileattr */
/* Add one attribute to what is handed out; the length grows in any case. */
static int
xfs_dm_attr_emit(struct xfs_inode *ip, const u8 dmname[DMAPI_ATTR_NAME_SIZE],
		 char __user *buf, u64 room, u64 *lenp, s32 *lastp)
{
	struct dmapi_attrlist	rec = { };
	char			name[XFS_DM_ATTR_NAME_MAX];
	void			*value;
	u64			need;
	int			vlen, error;

	error = xfs_dm_xattr_get(ip, name, xfs_dm_attr_encode(dmname, name),
				 &value, &vlen);
	if (error)
		return error == -ENODATA ? 0 : error;

	need = round_up(sizeof(rec) + vlen, 8);
	memcpy(rec.name, dmname, sizeof(rec.name));
	rec.data.offset = sizeof(rec);
	rec.data.length = vlen;
	error = 0;
	if (*lenp + need <= room) {
		u64	pad = need - sizeof(rec) - vlen;

		if (copy_to_user(buf + *lenp, &rec, sizeof(rec)) ||
		    copy_to_user(buf + *lenp + sizeof(rec), value, vlen) ||
		    clear_user(buf + *lenp + sizeof(rec) + vlen, pad))
			error = -EFAULT;
		/* The previous record learns where this one is. */
		if (!error && *lastp >= 0 &&
		    put_user((s32)(*lenp - *lastp), (s32 __user *)(buf + *lastp)))
			error = -EFAULT;
		*lastp = *lenp;
	}
	*lenp += need;
	kvfree(value);
	return error;
}

/* DMAPI_GETALL_DMATTR: E2BIG with the length of all in *rlenp. */
static long
xfs_dm_op_getall_dmattr(struct xfs_dm_call *call)
{
	struct dmapi_dmattr		*arg = (void *)call->arg.bytes;
	struct xfs_inode		*ip = call->ip;
	struct xfs_dm_attr_names	list;
	unsigned int			i, max = 64;
	s32				last = -1;
	u64				len = 0;
	long				error;

	if (arg->pad || arg->setdtime || arg->namep)
		return -EINVAL;

	/* Attributes change under IOLOCK alone. */
	xfs_ilock(ip, XFS_IOLOCK_SHARED);
	for (;;) {
		error = xfs_dm_attr_list(ip, &list, max);
		if (error || list.n <= max)
			break;
		max = list.n;
		kvfree(list.names);
	}
	for (i = 0; !error && i < list.n; i++) {
		error = xfs_dm_attr_emit(ip, list.names[i],
					 u64_to_user_ptr(arg->bufp), arg->buflen, &len,
					 &last);
	}
	xfs_iunlock(ip, XFS_IOLOCK_SHARED);
	kvfree(list.names);
	if (error)
		return error;
	if (xfs_dm_put_u64(arg->rlenp, len))
		return -EFAULT;
	return len > arg->buflen ? -E2BIG : 0;
}

#define XFS_DM_ATTR_NEEDS	(XFS_DM_OP_OBJECT | XFS_DM_OP_ANYINODE)

const struct xfs_dm_op xfs_dm_attr_ops[] = {
	{
		.number	= DMAPI_SET_DMATTR,
		.size	= sizeof(struct dmapi_dmattr),
		.needs	= XFS_DM_ATTR_NEEDS | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_set_dmattr,
	},
	{
		.number	= DMAPI_REMOVE_DMATTR,
		.size	= sizeof(struct dmapi_dmattr),
		.needs	= XFS_DM_ATTR_NEEDS | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_remove_dmattr,
	},
	{
		.number	= DMAPI_GET_DMATTR,
		.size	= sizeof(struct dmapi_dmattr),
		.needs	= XFS_DM_ATTR_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_get_dmattr,
	},
	{
		.number	= DMAPI_GETALL_DMATTR,
		.size	= sizeof(struct dmapi_dmattr),
		.needs	= XFS_DM_ATTR_NEEDS | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_getall_dmattr,
	},
	{ },
};
