// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event lists, and what new files inherit
 *
 * An object's event list says which events it raises, a file system's which all
 * of its objects raise; the two are united.  READ, WRITE and TRUNCATE are in no
 * list, regions are for them.
 *
 * Lists are attributes of the root namespace, all of one form, big-endian:
 * magic "XDML", version, nothing, the events, flags of regions, nothing.
 *
 *	XDSM_EVENTS		of any object: its event list
 *	XDSM_FS_EVENTS		of the root directory: the file system's
 *	XDSM_BORN		of a directory: what is created in it begins with
 *	XDSM_FS_BORN		of the root directory: what is created anywhere does
 *
 * An object's list is mirrored in di_dmevmask, where SGI had it, with
 * XFS_DMW_LIST.  If an attribute cannot be read, the mirror counts.
 *
 * What is inherited is in di_dmevmask alone, set by the transaction that creates
 * the inode: the list, and with XFS_DMW_BORN one region of the whole file.  There
 * is no moment in which a new file does not have them.  The first change makes a
 * list or a record of its own of it.
 *
 * In memory, i_dm_events has the list and i_dm_born what a directory hands
 * down, as in di_dmevmask, each with a bit that says that somebody has looked.
 * Whoever changes one, under the IOLOCK, looks first, so that nobody who looks at
 * the same time puts the old one there afterwards.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_log.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/uaccess.h>

#define XFS_DM_LIST_MAGIC	0x58444d4c	/* XDML */
#define XFS_DM_LIST_VERSION	1

struct xfs_dm_disk_list {
	__be32			magic;
	__be16			version;
	__be16			pad;
	__be64			events;
	__be32			regions;
	__be32			pad2;
};

static_assert(sizeof(struct xfs_dm_disk_list) == 24);

enum xfs_dm_list_kind {
	XFS_DM_LIST_EVENTS,
	XFS_DM_LIST_BORN,
	XFS_DM_LIST_FS_EVENTS,
	XFS_DM_LIST_FS_BORN,
};

static const char *const xfs_dm_list_names[] = {
	[XFS_DM_LIST_EVENTS]	= XFS_DM_EVENTS_NAME,
	[XFS_DM_LIST_BORN]	= "XDSM_BORN",
	[XFS_DM_LIST_FS_EVENTS]	= "XDSM_FS_EVENTS",
	[XFS_DM_LIST_FS_BORN]	= "XDSM_FS_BORN",
};

/* Events of any object, of directories besides, and of file systems besides. */
#define XFS_DM_FILE_EVENTS \
	(XFS_DM_EVENT(CANCEL) | XFS_DM_EVENT(DEBUT) | XFS_DM_EVENT(CLOSE) | \
	 XFS_DM_EVENT(ATTRIBUTE) | XFS_DM_EVENT(DESTROY))
#define XFS_DM_DIR_EVENTS \
	(XFS_DM_FILE_EVENTS | \
	 XFS_DM_EVENT(CREATE) | XFS_DM_EVENT(POSTCREATE) | \
	 XFS_DM_EVENT(REMOVE) | XFS_DM_EVENT(POSTREMOVE) | \
	 XFS_DM_EVENT(RENAME) | XFS_DM_EVENT(POSTRENAME) | \
	 XFS_DM_EVENT(LINK) | XFS_DM_EVENT(POSTLINK) | \
	 XFS_DM_EVENT(SYMLINK) | XFS_DM_EVENT(POSTSYMLINK))
#define XFS_DM_FS_EVENTS \
	(XFS_DM_DIR_EVENTS | XFS_DM_EVENT(PREUNMOUNT) | \
	 XFS_DM_EVENT(UNMOUNT) | XFS_DM_EVENT(NOSPACE))

static u32
xfs_dm_events_of_mode(umode_t mode)
{
	return S_ISDIR(mode) ? XFS_DM_DIR_EVENTS : XFS_DM_FILE_EVENTS;
}

/* What a list of a kind may hold. */
static u32
xfs_dm_list_allowed(enum xfs_dm_list_kind kind, umode_t mode)
{
	switch (kind) {
	case XFS_DM_LIST_EVENTS:
		return xfs_dm_events_of_mode(mode);
	case XFS_DM_LIST_FS_EVENTS:
		return XFS_DM_FS_EVENTS;
	default:
		return XFS_DM_DIR_EVENTS | XFS_DMW_REGIONS;
	}
}

static int
xfs_dm_list_parse(const void *value, size_t len, u32 allowed, u32 *mask)
{
	const struct xfs_dm_disk_list	*list = value;
	u64				events;
	u32				regions;

	if (len != sizeof(*list) ||
	    list->magic != cpu_to_be32(XFS_DM_LIST_MAGIC) ||
	    list->version != cpu_to_be16(XFS_DM_LIST_VERSION) || list->pad ||
	    list->pad2)
		return -EFSCORRUPTED;
	events = be64_to_cpu(list->events);
	regions = be32_to_cpu(list->regions);
	if ((events & ~(u64)(allowed & ~XFS_DMW_REGIONS)) ||
	    (regions & ~(allowed >> XFS_DMW_REGION_SHIFT & DMAPI_REGION_ALL)))
		return -EFSCORRUPTED;
	*mask = events | (regions << XFS_DMW_REGION_SHIFT);
	return 0;
}

/* 0 with nothing in @mask if there is none. */
static int
xfs_dm_list_read(struct xfs_inode *ip, enum xfs_dm_list_kind kind, u32 *mask)
{
	const char		*name = xfs_dm_list_names[kind];
	void			*value;
	int			len, error;

	*mask = 0;
	if (xfs_ifork_zapped(ip, XFS_ATTR_FORK))
		return -EFSCORRUPTED;
	error = xfs_dm_xattr_get(ip, name, strlen(name), &value, &len);
	if (error)
		return error;
	error = xfs_dm_list_parse(value, len,
				  xfs_dm_list_allowed(kind, VFS_I(ip)->i_mode),
				  mask);
	kvfree(value);
	return error;
}

static void
xfs_dm_list_complain(struct xfs_inode *ip, enum xfs_dm_list_kind kind, int error)
{
	xfs_alert_ratelimited(ip->i_mount,
			      "inode 0x%llx: DMAPI list %s unreadable (error %d)",
			      (unsigned long long)xfs_dm_ino(ip),
			      xfs_dm_list_names[kind], error);
}

/* Opens wait from now on, where they would not. */
static void
xfs_dm_watch_opens(u32 events)
{
	if (events & XFS_DM_EVENT(DEBUT))
		WRITE_ONCE(dmapi_opens_wait, true);
}

/* What was read, unless somebody else has been faster. */
static u32
xfs_dm_list_publish(struct xfs_inode *ip, u32 *where, u32 mask)
{
	xfs_dm_watch_opens(mask);
	spin_lock(&ip->i_flags_lock);
	if (!(*where & XFS_DM_LOADED))
		WRITE_ONCE(*where, *where | mask | XFS_DM_LOADED);
	mask = *where;
	spin_unlock(&ip->i_flags_lock);
	return mask;
}

/**
 * xfs_dm_events() - an object's event list
 * @ip: the object, not under ILOCK
 */
u32
xfs_dm_events(struct xfs_inode *ip)
{
	u32			mask = READ_ONCE(ip->i_dm_events);
	int			error;

	if (likely(mask & XFS_DM_LOADED))
		return mask & XFS_DMW_EVENTS;
	if (xfs_dm_is_internal(ip))
		return 0;
	error = xfs_dm_list_read(ip, XFS_DM_LIST_EVENTS, &mask);
	if (error) {
		mask = 0;
		if ((READ_ONCE(ip->i_dmevmask) & XFS_DMW_LIST) &&
		    xfs_dm_witness_own(ip))
			mask = ip->i_dmevmask & XFS_DMW_EVENTS;
		if (error != -ENODATA) {
			xfs_dm_list_complain(ip, XFS_DM_LIST_EVENTS, error);
			/* It may pass. */
			if (error != -EFSCORRUPTED)
				return mask;
		}
	}
	return xfs_dm_list_publish(ip, &ip->i_dm_events, mask) & XFS_DMW_EVENTS;
}

/* What a directory hands down. */
static u32
xfs_dm_born_get(struct xfs_inode *dp)
{
	u32			mask = READ_ONCE(dp->i_dm_born);
	int			error;

	if (likely(mask & XFS_DM_LOADED))
		return mask;
	error = xfs_dm_list_read(dp, XFS_DM_LIST_BORN, &mask);
	if (error && error != -ENODATA) {
		xfs_dm_list_complain(dp, XFS_DM_LIST_BORN, error);
		if (error != -EFSCORRUPTED)
			return 0;
	}
	return xfs_dm_list_publish(dp, &dp->i_dm_born, mask);
}

/* Something is about to be created in @dp, whose ILOCK is not held yet. */
void
__xfs_dm_born_load(struct xfs_inode *dp)
{
	if (dp->i_mount->m_dm)
		xfs_dm_born_get(dp);
}

/*
 * An inode was created in @dp, in a transaction that has logged it.  Both are
 * locked.
 */
void
__xfs_dm_born(struct xfs_inode *dp, struct xfs_inode *ip)
{
	struct xfs_dm_mount	*dm = ip->i_mount->m_dm;
	umode_t			mode = VFS_I(ip)->i_mode;
	u32			events, regions = 0, mask = 0;

	if (!dm || xfs_dm_is_internal(ip) || xfs_dm_is_internal(dp))
		return;
	xfs_dm_wanted_gen(dp, ip);	/* @xfs-dm-create */
	events = READ_ONCE(dp->i_dm_born) | READ_ONCE(dm->born);
	if (S_ISREG(mode))
		regions = events & XFS_DMW_REGIONS;
	events &= xfs_dm_events_of_mode(mode);
	if (events)
		mask |= events | XFS_DMW_LIST;
	if (regions)
		mask |= regions | XFS_DMW_BORN;
	if (mask)
		xfs_dm_witness_born(ip, mask);
	/* To make it was to use it. */
	WRITE_ONCE(ip->i_dm_events, events | XFS_DM_LOADED | XFS_DM_DEBUTED);
	WRITE_ONCE(ip->i_dm_born, XFS_DM_LOADED);
}

/**
 * xfs_dm_born_regions() - the state of a file that has what it was born with
 * @ip: the file, which has no record
 * @dmp: result, if there is any
 *
 * Return: 0, -ENODATA if it has nothing, -ENOMEM.
 */
int
xfs_dm_born_regions(struct xfs_inode *ip, struct xfs_dm_inode **dmp)
{
	struct xfs_dm_inode	*dm;

	if (!(READ_ONCE(ip->i_dmevmask) & XFS_DMW_BORN) ||
	    !xfs_dm_witness_own(ip))
		return -ENODATA;
	dm = xfs_dm_inode_alloc(1);
	if (!dm)
		return -ENOMEM;
	dm->regions[0].end = XFS_DM_INFINITY;
	dm->regions[0].flags = (ip->i_dmevmask & XFS_DMW_REGIONS) >>
			       XFS_DMW_REGION_SHIFT;
	*dmp = dm;
	return 0;
}

/* Read a list of the file system's; only a lack of memory is an error. */
static int
xfs_dm_list_read_fs(struct xfs_mount *mp, enum xfs_dm_list_kind kind, u32 *mask)
{
	int			error;

	error = xfs_dm_list_read(mp->m_rootip, kind, mask);
	if (error && error != -ENODATA)
		xfs_dm_list_complain(mp->m_rootip, kind, error);
	return error == -ENOMEM ? error : 0;
}

/**
 * xfs_dm_list_mount() - read the file system's lists
 * @mp: a managed mount
 */
int
xfs_dm_list_mount(struct xfs_mount *mp)
{
	struct xfs_dm_mount	*dm = mp->m_dm;
	u32			events, born;
	int			error;

	error = xfs_dm_list_read_fs(mp, XFS_DM_LIST_FS_EVENTS, &events);
	if (!error)
		error = xfs_dm_list_read_fs(mp, XFS_DM_LIST_FS_BORN, &born);
	if (error)
		return error;
	WRITE_ONCE(dm->fs.fs_events, events);
	xfs_dm_watch_opens(events);
	WRITE_ONCE(dm->born, born);
	return 0;
}

/* What is in force of a kind, and loaded on return. */
static u32
xfs_dm_list_get(struct xfs_inode *ip, enum xfs_dm_list_kind kind)
{
	struct xfs_dm_mount	*dm = ip->i_mount->m_dm;

	switch (kind) {
	case XFS_DM_LIST_EVENTS:
		return xfs_dm_events(ip);
	case XFS_DM_LIST_BORN:
		return xfs_dm_born_get(ip) & ~XFS_DM_LOADED;
	case XFS_DM_LIST_FS_EVENTS:
		return dm ? READ_ONCE(dm->fs.fs_events) : 0;
	default:
		return dm ? READ_ONCE(dm->born) : 0;
	}
}

/* Make a list what is in force, in memory. */
static void
xfs_dm_list_apply(struct xfs_inode *ip, enum xfs_dm_list_kind kind, u32 mask)
{
	struct xfs_dm_mount	*dm = ip->i_mount->m_dm;

	xfs_dm_watch_opens(kind == XFS_DM_LIST_BORN ? 0 : mask);
	switch (kind) {
	case XFS_DM_LIST_EVENTS:
		spin_lock(&ip->i_flags_lock);
		WRITE_ONCE(ip->i_dm_events,
			   (ip->i_dm_events & (XFS_DM_DEBUTED | XFS_DM_DEBUTING)) |
			   mask | XFS_DM_LOADED);
		spin_unlock(&ip->i_flags_lock);
		break;
	case XFS_DM_LIST_BORN:
		WRITE_ONCE(ip->i_dm_born, mask | XFS_DM_LOADED);
		break;
	case XFS_DM_LIST_FS_EVENTS:
		if (dm)
			WRITE_ONCE(dm->fs.fs_events, mask);
		break;
	case XFS_DM_LIST_FS_BORN:
		if (dm)
			WRITE_ONCE(dm->born, mask);
		break;
	}
}

static void
xfs_dm_list_encode(struct xfs_dm_disk_list *list, u32 mask)
{
	memset(list, 0, sizeof(*list));
	list->magic = cpu_to_be32(XFS_DM_LIST_MAGIC);
	list->version = cpu_to_be16(XFS_DM_LIST_VERSION);
	list->events = cpu_to_be64(mask & ~XFS_DMW_REGIONS);
	list->regions = cpu_to_be32((mask & XFS_DMW_REGIONS) >>
				    XFS_DMW_REGION_SHIFT);
}

/* @xfs-dm-backup { */
/**
 * xfs_dm_list_born() - an event list that is in the inode core alone
 * @ip: the object, not under ILOCK
 * @lenp: the length that it has as an attribute, bytes
 *
 * Return: the attribute's value, which the caller frees, or NULL.
 */
void *
xfs_dm_list_born(struct xfs_inode *ip, size_t *lenp)
{
	u32			mask = READ_ONCE(ip->i_dmevmask);
	struct xfs_dm_disk_list	list;
	u32			stored;

	if (!(mask & XFS_DMW_LIST) || !xfs_dm_witness_own(ip) ||
	    xfs_dm_list_read(ip, XFS_DM_LIST_EVENTS, &stored) != -ENODATA)
		return NULL;
	xfs_dm_list_encode(&list, mask & XFS_DMW_EVENTS);
	*lenp = sizeof(list);
	return kmemdup(&list, sizeof(list), GFP_KERNEL);
}

/* } @xfs-dm-backup */
/*
 * Store a list, IOLOCK held exclusively.  The mirror comes after what it mirrors
 * and goes before it.
 */
static int
xfs_dm_list_store(struct xfs_inode *ip, enum xfs_dm_list_kind kind, u32 mask)
{
	const char		*name = xfs_dm_list_names[kind];
	bool			mirror = kind == XFS_DM_LIST_EVENTS;
	struct xfs_dm_disk_list	list;
	int			error = 0;

	xfs_dm_list_encode(&list, mask);
	xfs_dm_list_get(ip, kind);
	if (mask) {
		error = xfs_dm_xattr_set(ip, name, strlen(name), &list,
					 sizeof(list), false);
		if (!error && mirror)
			error = xfs_dm_witness_update(ip, XFS_DMW_EVENTS,
						      mask | XFS_DMW_LIST);
	} else {
		if (mirror)
			error = xfs_dm_witness_update(ip,
						      XFS_DMW_EVENTS | XFS_DMW_LIST, 0);
		if (!error)
			error = xfs_dm_xattr_set(ip, name, strlen(name), NULL,
						 0, false);
		if (error == -ENODATA)
			error = 0;
	}
	if (!error)
		xfs_dm_list_apply(ip, kind, mask);
	return error;
}

static int
xfs_dm_list_kind(const struct xfs_da_args *args)
{
	unsigned int		i;

	if (!(args->attr_filter & XFS_ATTR_ROOT))
		return -1;
	for (i = 0; i < ARRAY_SIZE(xfs_dm_list_names); i++) {
		if (args->namelen != strlen(xfs_dm_list_names[i]) ||
		    memcmp(args->name, xfs_dm_list_names[i], args->namelen))
			continue;
		/* On another inode than the root directory these mean nothing. */
		if (i >= XFS_DM_LIST_FS_EVENTS &&
		    args->dp != args->dp->i_mount->m_rootip)
			return -1;
		return i;
	}
	return -1;
}

/**
 * xfs_dm_list_is_ours() - is this a list?
 * @args: an attribute about to be changed
 */
bool
xfs_dm_list_is_ours(const struct xfs_da_args *args)
{
	return xfs_dm_list_kind(args) >= 0;
}

/**
 * xfs_dm_list_foreign() - somebody sets or removes a list as an attribute
 * @args: name and value; IOLOCK held exclusively
 * @op: enum xfs_attr_update
 *
 * It takes effect at once.
 *
 * Return: 0; -EINVAL if the value is no list, or not one for this object;
 * -EEXIST and -ENODATA as @op asks.
 */
int
xfs_dm_list_foreign(const struct xfs_da_args *args, int op)
{
	struct xfs_inode	*ip = args->dp;
	enum xfs_dm_list_kind	kind = xfs_dm_list_kind(args);
	u32			mask = 0, old;
	bool			exists;
	int			error;

	if (xfs_dm_is_internal(ip) ||
	    (kind == XFS_DM_LIST_BORN && !S_ISDIR(VFS_I(ip)->i_mode)))
		return -EINVAL;
	error = xfs_dm_list_read(ip, kind, &old);
	exists = error != -ENODATA;
	if (exists && op == XFS_ATTRUPDATE_CREATE)
		return -EEXIST;
	if (!exists && (op == XFS_ATTRUPDATE_REPLACE ||
			op == XFS_ATTRUPDATE_REMOVE))
		return -ENODATA;
	if (op != XFS_ATTRUPDATE_REMOVE &&
	    xfs_dm_list_parse(args->value, args->valuelen,
			      xfs_dm_list_allowed(kind, VFS_I(ip)->i_mode),
			      &mask))
		return -EINVAL;
	return xfs_dm_list_store(ip, kind, mask);
}

/* A list of the object of a call, under its locks; on disk on return. */
static long
xfs_dm_list_change(struct xfs_dm_call *call, enum xfs_dm_list_kind kind,
		   u32 keep, u32 mask)
{
	struct xfs_mount	*mp = READ_ONCE(call->fs->fs_mount);
	struct xfs_inode	*ip = call->ip ? call->ip : mp->m_rootip;
	long			error;

	if (xfs_dm_is_internal(ip))
		return -EINVAL;
	error = xfs_dm_lock(ip, 0);
	if (error)
		return error;
	mask |= xfs_dm_list_get(ip, kind) & keep;
	error = xfs_dm_list_store(ip, kind, mask);
	xfs_dm_unlock(ip);
	return error;
}

/* @xfs-dm-leave { */
/**
 * xfs_dm_lists_forget() - remove all lists of an object
 * @ip: the object, locked by xfs_dm_lock()
 */
int
xfs_dm_lists_forget(struct xfs_inode *ip)
{
	int			error;

	error = xfs_dm_list_store(ip, XFS_DM_LIST_EVENTS, 0);
	if (!error && S_ISDIR(VFS_I(ip)->i_mode))
		error = xfs_dm_list_store(ip, XFS_DM_LIST_BORN, 0);
	return error;
}

/* } @xfs-dm-leave */
/*
 * DMAPI_SET_EVENTLIST: EINVAL maxevent is 0 or too large, an event that the
 * object cannot have, the global handle; EROFS, ENOSPC, EIO.
 */
static long
xfs_dm_op_set_eventlist(struct xfs_dm_call *call)
{
	struct dmapi_set_disp	*arg = (void *)call->arg.bytes;
	enum xfs_dm_list_kind	kind;
	u32			allowed;
	u64			set, below;

	if (!call->fs || arg->pad || !arg->maxevent ||
	    arg->maxevent > DMAPI_EVENT_MAX)
		return -EINVAL;
	if (copy_from_user(&set, u64_to_user_ptr(arg->eventsetp), sizeof(set)))
		return -EFAULT;
	kind = call->ip ? XFS_DM_LIST_EVENTS : XFS_DM_LIST_FS_EVENTS;
	allowed = xfs_dm_list_allowed(kind,
				      call->ip ? VFS_I(call->ip)->i_mode : 0);
	below = (1ULL << arg->maxevent) - 1;
	set &= below;
	if (set & ~(u64)allowed)
		return -EINVAL;
	return xfs_dm_list_change(call, kind, allowed & ~below, set);
}

/* Put @mask and how many bits it takes; E2BIG if the caller takes less. */
static long
xfs_dm_put_set(u32 nelem, u64 setp, u64 nelemp, u32 mask)
{
	u32			bits = fls(mask);
	u64			set = mask;

	if (bits <= nelem &&
	    copy_to_user(u64_to_user_ptr(setp), &set, sizeof(set)))
		return -EFAULT;
	if (xfs_dm_put_u32(nelemp, bits))
		return -EFAULT;
	return bits <= nelem ? 0 : -E2BIG;
}

/*
 * DMAPI_GET_EVENTLIST: E2BIG if nelem is less than the number of the highest
 * event and one; EIO.
 */
static long
xfs_dm_op_get_eventlist(struct xfs_dm_call *call)
{
	struct dmapi_get_eventlist *arg = (void *)call->arg.bytes;
	const struct xfs_dm_inode *dm;
	u32			mask;
	int			error;

	if (arg->pad)
		return -EINVAL;
	if (!call->ip)
		return xfs_dm_put_set(arg->nelem, arg->eventsetp, arg->nelemp,
				      READ_ONCE(call->fs->fs_events));
	mask = xfs_dm_events(call->ip);
	if (S_ISREG(VFS_I(call->ip)->i_mode)) {
		error = xfs_dm_inode_load(call->ip);
		if (error)
			return error;
		rcu_read_lock();
		dm = rcu_dereference(call->ip->i_dm);
		mask |= xfs_dm_regions_union(dm->regions, dm->nregions) <<
			XFS_DMW_REGION_SHIFT;
		rcu_read_unlock();
	}
	return xfs_dm_put_set(arg->nelem, arg->eventsetp, arg->nelemp, mask);
}

/*
 * DMAPI_SET_BORN: EINVAL an event that no file or directory can have, unknown
 * flags of regions, not a directory or file system; EROFS, ENOSPC, EIO.
 */
static long
xfs_dm_op_set_born(struct xfs_dm_call *call)
{
	struct dmapi_set_born	*arg = (void *)call->arg.bytes;

	if (arg->pad || (arg->events & ~(u64)XFS_DM_DIR_EVENTS) ||
	    (arg->regions & ~DMAPI_REGION_ALL))
		return -EINVAL;
	return xfs_dm_list_change(call, call->ip ? XFS_DM_LIST_BORN : XFS_DM_LIST_FS_BORN,
				  0, arg->events |
				  (arg->regions << XFS_DMW_REGION_SHIFT));
}

/* DMAPI_GET_BORN: EFAULT */
static long
xfs_dm_op_get_born(struct xfs_dm_call *call)
{
	struct dmapi_get_born	*arg = (void *)call->arg.bytes;
	struct xfs_mount	*mp = READ_ONCE(call->fs->fs_mount);
	u32			mask;

	if (call->ip)
		mask = xfs_dm_list_get(call->ip, XFS_DM_LIST_BORN);
	else
		mask = xfs_dm_list_get(mp->m_rootip, XFS_DM_LIST_FS_BORN);
	if (xfs_dm_put_u64(arg->eventsp, mask & ~XFS_DMW_REGIONS) ||
	    xfs_dm_put_u32(arg->regionsp, (mask & XFS_DMW_REGIONS) >>
			   XFS_DMW_REGION_SHIFT))
		return -EFAULT;
	return 0;
}

const struct xfs_dm_op xfs_dm_list_ops[] = {
	{
		.number	= DMAPI_SET_EVENTLIST,
		.size	= sizeof(struct dmapi_set_disp),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_ANYINODE |
			  XFS_DM_OP_GLOBAL | XFS_DM_OP_WRITE,
		.call	= xfs_dm_op_set_eventlist,
	},
	{
		.number	= DMAPI_GET_EVENTLIST,
		.size	= sizeof(struct dmapi_get_eventlist),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_ANYINODE,
		.call	= xfs_dm_op_get_eventlist,
	},
	{
		.number	= DMAPI_SET_BORN,
		.size	= sizeof(struct dmapi_set_born),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_DIR |
			  XFS_DM_OP_WRITE,
		.call	= xfs_dm_op_set_born,
	},
	{
		.number	= DMAPI_GET_BORN,
		.size	= sizeof(struct dmapi_get_born),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_DIR,
		.call	= xfs_dm_op_get_born,
	},
	{ },
};
