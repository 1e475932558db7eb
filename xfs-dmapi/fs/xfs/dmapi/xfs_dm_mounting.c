// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounting
 *
 * MOUNT is raised when a file system becomes visible for the first time: when
 * the first mount of its superblock is attached to a tree, by mount(2), by
 * move_mount(2) of what fsmount(2) made, or by what makes a namespace of it.
 * The path is known then, nothing is held, and fill_super() is long over, so the
 * manager can use handles, dispositions and descriptors of the file system
 * before it answers.  Whoever uses it through the descriptor of fsmount(2)
 * meanwhile, or without ever attaching it, finds it managed like any other.
 *
 * There is no disposition for MOUNT.  The sessions that registered with the
 * global handle are asked one after another, in the order of their ids, those
 * that there were when it began.  Each gets a message of its own.  CONTINUE ends
 * the round, ABORT fails the mount, DONTCARE asks the next; a session that went
 * away did not care.
 *
 * One task asks at a time.  Others who want to attach the file system wait for
 * how that ends: if it was attached nobody is asked again until the superblock
 * is gone, whatever is mounted, moved or unmounted lazily in between; if it was
 * refused, or could not be attached for another reason, the next one asks.
 *
 *	DETACHED --> ATTACHING --> ATTACHED
 *	                 |  ^
 *	                 v  |
 *	               REFUSED
 */
#include "xfs_dm_compat.h"

#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/seq_file.h>

#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

/**
 * struct xfs_dm_mountinfo - what MOUNT says, and dm_get_mountinfo()
 * @i_ref: the mount's state and whoever copies it hold it
 * @i_len: bytes in
 * @i_payload: struct dmapi_mount_event and its variable data
 */
struct xfs_dm_mountinfo {
	refcount_t		i_ref;
	unsigned int		i_len;
	__u8			i_payload[] __counted_by(i_len);
};

static void
xfs_dm_mountinfo_put(struct xfs_dm_mountinfo *info)
{
	if (info && refcount_dec_and_test(&info->i_ref))
		kfree(info);
}

/* Make room for variable data at @off, aligned, and return the end of it. */
static unsigned int
xfs_dm_mountinfo_place(struct dmapi_vardata *data, unsigned int off,
		       unsigned int len, unsigned int align)
{
	if (!len)
		return off;
	data->offset = ALIGN(off, align);
	data->length = len;
	return data->offset + len;
}

/* Bytes of a name with its NUL; one that is empty is not there. */
static unsigned int
xfs_dm_mountinfo_namelen(const char *name)
{
	return *name ? strlen(name) + 1 : 0;
}

/* @name is where it is mounted, "" if it is not, and @dir on what, or NULL. */
static struct xfs_dm_mountinfo *
xfs_dm_mountinfo_alloc(struct xfs_mount *mp, const char *name,
		       struct xfs_inode *dir)
{
	const char		*source = mp->m_dm_source;
	struct dmapi_mount_event e = { };
	struct xfs_dm_mountinfo	*info;
	unsigned int		len = sizeof(e);

	if (!source)
		source = mp->m_super->s_id;
	if (sb_rdonly(mp->m_super))
		e.mode = DMAPI_MOUNT_RDONLY;
	len = xfs_dm_mountinfo_place(&e.handle1, len, DMAPI_FSHANDLE_LEN, 8);
	len = xfs_dm_mountinfo_place(&e.handle2, len,
				     dir ? DMAPI_HANDLE_LEN : 0, 8);
	len = xfs_dm_mountinfo_place(&e.name1, len,
				     xfs_dm_mountinfo_namelen(name), 1);
	len = xfs_dm_mountinfo_place(&e.name2, len,
				     xfs_dm_mountinfo_namelen(source), 1);
	len = xfs_dm_mountinfo_place(&e.roothandle, len, DMAPI_HANDLE_LEN, 8);

	info = kzalloc_flex(*info, i_payload, len, GFP_KERNEL);
	if (!info)
		return NULL;
	refcount_set(&info->i_ref, 1);
	info->i_len = len;
	memcpy(info->i_payload, &e, sizeof(e));
	memcpy(info->i_payload + e.handle1.offset, &mp->m_dm->fs.fs_id,
	       e.handle1.length);
	if (dir)
		xfs_dm_handle_init(dir, info->i_payload + e.handle2.offset);
	memcpy(info->i_payload + e.name1.offset, name, e.name1.length);
	memcpy(info->i_payload + e.name2.offset, source, e.name2.length);
	xfs_dm_handle_init(mp->m_rootip,
			   info->i_payload + e.roothandle.offset);
	return info;
}

/*
 * What MOUNT says of @where, NULL for the root of a namespace.  A path that is
 * too long to be told is left out.
 */
static struct xfs_dm_mountinfo *
xfs_dm_mountinfo_make(struct xfs_mount *mp, const struct path *where)
{
	struct xfs_dm_mountinfo	*info;
	struct xfs_inode	*dir = NULL;
	const char		*name = "/";
	char			*buf = kmalloc(PATH_MAX, GFP_KERNEL);

	if (!buf)
		return NULL;
	if (where) {
		name = d_path(where, buf, PATH_MAX);
		if (IS_ERR(name))
			name = "";
		if (where->dentry->d_sb->s_iflags & SB_I_DMAPI)
			dir = XFS_I(d_inode(where->dentry));
	}
	if (mp->m_dm_mtpt)
		name = mp->m_dm_mtpt;
	info = xfs_dm_mountinfo_alloc(mp, name, dir);
	kfree(buf);
	return info;
}

/* For xfs_dm_mountinfo_put(); NULL: no memory. */
static struct xfs_dm_mountinfo *
xfs_dm_mountinfo_get(struct xfs_mount *mp)
{
	struct xfs_dm_mount	*dm = mp->m_dm;
	struct xfs_dm_mountinfo	*info;

	spin_lock(&dm->attach_lock);
	info = dm->mountinfo;
	if (info)
		refcount_inc(&info->i_ref);
	spin_unlock(&dm->attach_lock);
	return info ? info : xfs_dm_mountinfo_alloc(mp, "", NULL);
}

static bool
xfs_dm_attach_is_free(void *data)
{
	struct xfs_dm_mount	*dm = data;

	return READ_ONCE(dm->attach) != XFS_DM_ATTACHING;
}

/*
 * Become the one who attaches the file system.  1: so be it; 0: it is attached
 * already; or the errno of a wait.
 */
static int
xfs_dm_attach_claim(struct xfs_dm_mount *dm, const struct xfs_dm_about *a)
{
	int			error;
	int			ret;

	do {
		spin_lock(&dm->attach_lock);
		ret = -EAGAIN;
		if (dm->attach == XFS_DM_ATTACHED) {
			ret = 0;
		} else if (dm->attach != XFS_DM_ATTACHING) {
			ret = 1;
			WRITE_ONCE(dm->attach, XFS_DM_ATTACHING);
			dm->attacher = current;
		}
		spin_unlock(&dm->attach_lock);
		if (ret != -EAGAIN)
			return ret;

		error = xfs_dm_event_join(&dm->fs, a, xfs_dm_attach_is_free,
					  dm);
	} while (!error);
	return error;
}

/* It is settled; @info is what dm_get_mountinfo() gives from now on. */
static void
xfs_dm_attach_set(struct xfs_dm_mount *dm, enum xfs_dm_attach attach,
		  struct xfs_dm_mountinfo *info)
{
	spin_lock(&dm->attach_lock);
	if (attach != XFS_DM_ATTACHING)
		dm->attacher = NULL;
	WRITE_ONCE(dm->attach, attach);
	swap(dm->mountinfo, info);
	spin_unlock(&dm->attach_lock);
	xfs_dm_mountinfo_put(info);
	wake_up_all(&dm->fs.fs_wait);
}

/* Give the message to @s, when it has room.  -EINVAL: it does not want it. */
static int
xfs_dm_mount_queue(struct xfs_dm_waiter *w, struct xfs_dm_session *s)
{
	struct xfs_dm_fs	*fs = w->w_fs;
	int			error;

	for (;;) {
		if (xfs_dm_is_over(w))
			return -EIO;
		if (!READ_ONCE(s->s_mount))
			return -EINVAL;
		error = xfs_dm_msg_queue(s, w->w_msg,
					 READ_ONCE(fs->fs_max_queued));
		if (error != -ENOSPC)
			return error;

		WRITE_ONCE(w->w_no_room, true);
		error = ___wait_event(s->s_room,
				      !xfs_dm_is_full(fs, s) ||
				      !READ_ONCE(s->s_mount) ||
				      xfs_dm_is_over(w),
				      xfs_dm_wait_state(w), 1, 0, schedule());
		WRITE_ONCE(w->w_no_room, false);
		/* Whoever was woken for room and leaves it wakes the next. */
		wake_up(&s->s_room);
		if (error)
			return xfs_dm_wait_error();
	}
}

/*
 * Ask one session.  1: ask the next; 0: CONTINUE; or the errno for which the
 * mount fails.  One that ends meanwhile has not been asked.
 */
static int
xfs_dm_mount_ask(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		 const struct xfs_dm_mountinfo *info, struct xfs_dm_session *s,
		 bool *asked)
{
	DECLARE_WAITQUEUE(wait, current);
	struct xfs_dm_msg	*m = xfs_dm_msg_alloc(a->a_event, info->i_len);
	struct xfs_dm_waiter	w = { .w_fs = fs, .w_about = a, .w_msg = m };
	int			error, left;

	if (!m)
		return -ENOMEM;
	memcpy(m->m_payload, info->i_payload, info->i_len);

	xfs_dm_waiter_add(&w);
	add_wait_queue(&fs->fs_wait, &wait);
	error = xfs_dm_mount_queue(&w, s);
	if (!error) {
		atomic64_inc(&fs->fs_nevents);
		error = wait_event_state(m->m_wait,
					 xfs_dm_msg_is_answered(m) ||
					 xfs_dm_msg_is_returned(m) ||
					 xfs_dm_is_over(&w),
					 xfs_dm_wait_state(&w));
		if (error)
			error = xfs_dm_wait_error();
		else
			error = xfs_dm_is_over(&w) ? -EIO : 1;
	} else if (error == -EINVAL) {
		error = 1;
	}
	remove_wait_queue(&fs->fs_wait, &wait);
	xfs_dm_waiter_del(&w);

	/* An answer that came in the last moment counts. */
	left = xfs_dm_msg_abandon(m);
	if (left > 0) {
		error = m->m_dontcare ? 1 : m->m_error;
		*asked = true;
	} else if (left < 0) {
		xfs_dm_event_cancel(&w);
	}
	xfs_dm_msg_put(m);
	return error;
}

/* Ask them all, until one cares. */
static int
xfs_dm_mount_raise(struct xfs_mount *mp, const struct xfs_dm_about *a,
		   const struct xfs_dm_mountinfo *info)
{
	struct xfs_dm_session	**list;
	bool			asked = false;
	int			error = 1;
	int			i, n;

	n = xfs_dm_session_mounters(&list);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		if (error > 0)
			error = xfs_dm_mount_ask(&mp->m_dm->fs, a, info,
						 list[i], &asked);
		xfs_dm_session_put(list[i]);
	}
	kvfree(list);
	if (error <= 0)
		return error;
	if (!asked && mp->m_dm_nomount) {
		xfs_notice(mp, "nobody to ask about the mount: refused");
		return -EIO;
	}
	return 0;
}

/**
 * xfs_dm_attach_begin() - a mount of a file system is about to be attached
 * @sb: its superblock
 * @where: on what; NULL for the root of a new namespace
 *
 * Nothing is held.  Only a deadly signal ends the wait: there is nothing yet
 * that a policy could have been set for.
 *
 * Return: 0, and xfs_dm_attach_end() is due; the errno of an ABORT; -EIO if
 * there is nobody to ask and the option dmapi_nomount=fail was given, or the
 * file system was shut down; -EINTR; -ENOMEM.
 */
int
xfs_dm_attach_begin(struct super_block *sb, const struct path *where)
{
	struct xfs_mount	*mp = XFS_M(sb);
	struct xfs_dm_mount	*dm = mp->m_dm;
	__u8			handle[DMAPI_HANDLE_LEN];
	struct xfs_dm_about	a = {
		.a_event	= DMAPI_EVENT_MOUNT,
		.a_handle	= handle,
		.a_deadly	= true,
	};
	struct xfs_dm_mountinfo	*info;
	int			error;

	if (!dm || READ_ONCE(dm->attach) == XFS_DM_ATTACHED)
		return 0;
	xfs_dm_handle_init(mp->m_rootip, handle);
	error = xfs_dm_attach_claim(dm, &a);
	if (error <= 0)
		return error;

	error = -ENOMEM;
	info = xfs_dm_mountinfo_make(mp, where);
	if (info) {
		/* The state keeps it, until this task changes that. */
		xfs_dm_attach_set(dm, XFS_DM_ATTACHING, info);
		error = xfs_dm_mount_raise(mp, &a, info);
	}
	if (error)
		xfs_dm_attach_set(dm, XFS_DM_REFUSED, NULL);
	return error;
}

/**
 * xfs_dm_attach_end() - it was attached, or not
 * @sb: its superblock
 * @error: 0, or why not
 *
 * From any context.
 */
void
xfs_dm_attach_end(struct super_block *sb, int error)
{
	struct xfs_dm_mount	*dm = XFS_M(sb)->m_dm;
	struct xfs_dm_mountinfo	*old = NULL;

	if (!dm)
		return;
	spin_lock(&dm->attach_lock);
	if (dm->attacher != current) {
		/* It was attached before. */
		spin_unlock(&dm->attach_lock);
		return;
	}
	dm->attacher = NULL;
	WRITE_ONCE(dm->attach, error ? XFS_DM_DETACHED : XFS_DM_ATTACHED);
	if (error)
		swap(dm->mountinfo, old);
	spin_unlock(&dm->attach_lock);
	xfs_dm_mountinfo_put(old);
	wake_up_all(&dm->fs.fs_wait);
}

/** xfs_dm_attach_init() - a mount's state is being made */
void
xfs_dm_attach_init(struct xfs_dm_mount *dm)
{
	spin_lock_init(&dm->attach_lock);
}

/** xfs_dm_attach_free() - nobody refers to a mount's state any more */
void
xfs_dm_attach_free(struct xfs_dm_mount *dm)
{
	xfs_dm_mountinfo_put(dm->mountinfo);
}

/**
 * xfs_dm_set_source() - remember what is mounted
 * @mp: the mount
 * @source: the device, as whoever mounts it calls it
 *
 * Without memory for it the device's own name has to do.
 */
void
xfs_dm_set_source(struct xfs_mount *mp, const char *source)
{
	mp->m_dm_source = kstrdup(source, GFP_KERNEL);
}

/**
 * xfs_dm_set_mtpt() - the option mtpt=: what MOUNT is to call the mount point
 * @mp: the mount
 * @param: the option, whose string this takes
 */
void
xfs_dm_set_mtpt(struct xfs_mount *mp, struct fs_parameter *param)
{
	kfree(mp->m_dm_mtpt);
	mp->m_dm_mtpt = param->string;
	param->string = NULL;
}

/** xfs_dm_show_mounting() - the options of mounting, for /proc/mounts */
void
xfs_dm_show_mounting(struct seq_file *m, const struct xfs_mount *mp)
{
	if (mp->m_dm_nomount)
		seq_puts(m, ",dmapi_nomount=fail");
	if (mp->m_dm_mtpt)
		seq_show_option(m, "mtpt", mp->m_dm_mtpt);
}

/** xfs_dm_free_mounting() - a mount is freed, with what its options left */
void
xfs_dm_free_mounting(struct xfs_mount *mp)
{
	kfree(mp->m_dm_mtpt);
	kfree(mp->m_dm_source);
}

/*
 * DMAPI_GET_MOUNTINFO
 *
 * E2BIG: it takes more room than there is, *@rlenp says how much.  EFAULT.
 * ENOMEM.
 */
static long
xfs_dm_get_mountinfo(struct xfs_dm_call *call)
{
	const struct dmapi_get_mountinfo *arg = (void *)call->arg.bytes;
	struct xfs_dm_mountinfo	*info;
	int			error = 0;

	/* The call keeps it mounted. */
	info = xfs_dm_mountinfo_get(call->fs->fs_mount);
	if (!info)
		return -ENOMEM;
	if (info->i_len > arg->buflen)
		error = -E2BIG;
	else if (copy_to_user(u64_to_user_ptr(arg->bufp), info->i_payload,
			      info->i_len))
		error = -EFAULT;
	if (error != -EFAULT && xfs_dm_put_u64(arg->rlenp, info->i_len))
		error = -EFAULT;
	xfs_dm_mountinfo_put(info);
	return error;
}

const struct xfs_dm_op xfs_dm_mounting_ops[] = {
	{
		.number	= DMAPI_GET_MOUNTINFO,
		.size	= sizeof(struct dmapi_get_mountinfo),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS,
		.call	= xfs_dm_get_mountinfo,
	},
	{ }
};
