// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispositions: which session gets which event of which file system
 *
 * Every managed mount has a small table with a session for each event.  The
 * last session to ask for an event has it; a message that is queued already
 * stays with the session that it was queued for.  Generators that find nobody
 * wait on the file system's wait queue, which is woken when a disposition is
 * set.
 *
 * One spinlock covers all the tables and the list of mounts.  The tables hold
 * no references: a session takes itself out of all of them, under that lock,
 * in the moment in which it is destroyed.
 */
#include "xfs_dm_compat.h"

#include <linux/slab.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

/* Events that exist, and those that belong to no file system. */
#define XFS_DM_EVENTS		((1ULL << DMAPI_EVENT_MAX) - 1)
#define XFS_DM_NOT_FS_EVENTS	(XFS_DM_EVENT(MOUNT) | XFS_DM_EVENT(USER))

DEFINE_SPINLOCK(xfs_dm_disp_lock);
static LIST_HEAD(xfs_dm_fs_list);

/**
 * xfs_dm_fs_init() - prepare a file system's table
 * @fs: the table, referenced once from here on
 * @mp: its mount
 * @fsid: the first 8 bytes of all its handles
 *
 * The caller sets fs_release afterwards.
 */
void
xfs_dm_fs_init(struct xfs_dm_fs *fs, struct xfs_mount *mp, __u64 fsid)
{
	memset(fs, 0, sizeof(*fs));
	kref_init(&fs->fs_ref);
	INIT_LIST_HEAD(&fs->fs_list);
	init_waitqueue_head(&fs->fs_wait);
	/* @xfs-dm-rights { */
	INIT_LIST_HEAD(&fs->fs_object.o_rights);
	init_waitqueue_head(&fs->fs_right_wait);
	/* } @xfs-dm-rights */
	spin_lock_init(&fs->fs_space_lock);
	fs->fs_mount = mp;
	fs->fs_id = fsid;
	fs->fs_max_queued = XFS_DM_MAX_QUEUED;
}

/**
 * xfs_dm_fs_add() - let sessions find a file system
 * @fs: the file system, the only one with its fs_id
 */
void
xfs_dm_fs_add(struct xfs_dm_fs *fs)
{
	spin_lock(&xfs_dm_disp_lock);
	list_add_tail(&fs->fs_list, &xfs_dm_fs_list);
	spin_unlock(&xfs_dm_disp_lock);
}

/**
 * xfs_dm_fs_kill() - end all waits of a file system with EIO, for good
 * @fs: the file system
 *
 * From any context.
 */
void
xfs_dm_fs_kill(struct xfs_dm_fs *fs)
{
	WRITE_ONCE(fs->fs_dead, true);
	wake_up_all(&fs->fs_wait);
}

/**
 * xfs_dm_fs_abort() - end the waits that there are with EIO
 * @fs: the file system, which goes on
 */
void
xfs_dm_fs_abort(struct xfs_dm_fs *fs)
{
	spin_lock(&xfs_dm_disp_lock);
	WRITE_ONCE(fs->fs_aborts, fs->fs_aborts + 1);
	spin_unlock(&xfs_dm_disp_lock);
	wake_up_all(&fs->fs_wait);
}

/**
 * xfs_dm_fs_room() - those who wait for room look again
 * @fs: the file system, whose limit was changed
 */
void
xfs_dm_fs_room(struct xfs_dm_fs *fs)
{
	unsigned int		event;

	spin_lock(&xfs_dm_disp_lock);
	for (event = 0; event < DMAPI_EVENT_MAX; event++) {
		if (fs->fs_disp[event])
			wake_up_all(&fs->fs_disp[event]->s_room);
	}
	spin_unlock(&xfs_dm_disp_lock);
}

/**
 * xfs_dm_fs_remove() - let sessions forget a file system
 * @fs: the file system, added or not
 *
 * Its dispositions go, and its mount is not to be found through it any more.
 */
void
xfs_dm_fs_remove(struct xfs_dm_fs *fs)
{
	spin_lock(&xfs_dm_disp_lock);
	list_del_init(&fs->fs_list);
	memset(fs->fs_disp, 0, sizeof(fs->fs_disp));
	WRITE_ONCE(fs->fs_mount, NULL);
	spin_unlock(&xfs_dm_disp_lock);
	xfs_dm_fs_kill(fs);
	xfs_dm_wait_forget(fs);
}

/**
 * xfs_dm_fs_get() - find a mounted file system
 * @fsid: the first 8 bytes of its handles
 *
 * Return: the file system, to be dropped with xfs_dm_fs_put(), or NULL.
 */
struct xfs_dm_fs *
xfs_dm_fs_get(__u64 fsid)
{
	struct xfs_dm_fs	*found = NULL;
	struct xfs_dm_fs	*fs;

	spin_lock(&xfs_dm_disp_lock);
	list_for_each_entry(fs, &xfs_dm_fs_list, fs_list) {
		if (fs->fs_id == fsid) {
			kref_get(&fs->fs_ref);
			found = fs;
			break;
		}
	}
	spin_unlock(&xfs_dm_disp_lock);
	return found;
}

static void
xfs_dm_fs_free(struct kref *ref)
{
	struct xfs_dm_fs	*fs = container_of(ref, struct xfs_dm_fs,
						   fs_ref);

	if (fs->fs_release)
		fs->fs_release(fs);
}

/**
 * xfs_dm_fs_put() - drop a reference to a file system
 * @fs: the file system
 */
void
xfs_dm_fs_put(struct xfs_dm_fs *fs)
{
	kref_put(&fs->fs_ref, xfs_dm_fs_free);
}

/**
 * xfs_dm_disp_get() - who gets an event?
 * @fs: the file system
 * @event: DMAPI_EVENT_*
 *
 * Return: the session, referenced, or NULL if none wants it.
 */
struct xfs_dm_session *
xfs_dm_disp_get(struct xfs_dm_fs *fs, int event)
{
	struct xfs_dm_session	*s;

	spin_lock(&xfs_dm_disp_lock);
	s = fs->fs_disp[event];
	if (s)
		xfs_dm_session_hold(s);
	spin_unlock(&xfs_dm_disp_lock);
	return s;
}

/* An event goes to @s, or to nobody. */
static void
xfs_dm_disp_put(struct xfs_dm_fs *fs, unsigned int event,
		struct xfs_dm_session *s)
{
	/* What the one before wanted to know is no matter of the next. */
	if (event == DMAPI_EVENT_DESTROY && fs->fs_disp[event] != s)
		fs->fs_destroy_set = false;
	WRITE_ONCE(fs->fs_disp[event], s);
}

/**
 * xfs_dm_destroy_set() - which DM attribute do DESTROY messages carry?
 * @fs: the file system
 * @s: the session of the caller,
 * @sid: and how he calls it
 * @name: DMAPI_ATTR_NAME_SIZE bytes, or NULL for none
 *
 * Return: 0; -EINVAL if it is not this session that gets DESTROY.
 */
int
xfs_dm_destroy_set(struct xfs_dm_fs *fs, struct xfs_dm_session *s, __s32 sid,
		   const __u8 *name)
{
	int			error = -EINVAL;

	spin_lock(&xfs_dm_disp_lock);
	spin_lock(&s->s_lock);
	if (xfs_dm_session_is(s, sid) &&
	    fs->fs_disp[DMAPI_EVENT_DESTROY] == s) {
		fs->fs_destroy_set = name;
		if (name)
			memcpy(fs->fs_destroy_name, name,
			       sizeof(fs->fs_destroy_name));
		error = 0;
	}
	spin_unlock(&s->s_lock);
	spin_unlock(&xfs_dm_disp_lock);
	return error;
}

/**
 * xfs_dm_destroy_get() - the same, for who makes one
 * @fs: the file system
 * @name: result
 *
 * Return: false if they carry none.
 */
bool
xfs_dm_destroy_get(struct xfs_dm_fs *fs, __u8 *name)
{
	bool			set;

	spin_lock(&xfs_dm_disp_lock);
	set = fs->fs_destroy_set;
	if (set)
		memcpy(name, fs->fs_destroy_name, sizeof(fs->fs_destroy_name));
	spin_unlock(&xfs_dm_disp_lock);
	return set;
}

/**
 * xfs_dm_disp_forget() - a session goes, with all its dispositions
 * @s: the session; the caller holds xfs_dm_disp_lock
 */
void
xfs_dm_disp_forget(struct xfs_dm_session *s)
{
	struct xfs_dm_fs	*fs;
	unsigned int		event;

	lockdep_assert_held(&xfs_dm_disp_lock);

	list_for_each_entry(fs, &xfs_dm_fs_list, fs_list) {
		for (event = 0; event < DMAPI_EVENT_MAX; event++) {
			if (fs->fs_disp[event] == s)
				xfs_dm_disp_put(fs, event, NULL);
		}
	}
	WRITE_ONCE(s->s_mount, false);
}

/*
 * Make @set what @s gets of @fs.  The id and the mount may have gone since the
 * call looked at them; under the locks they stay.
 */
static int
xfs_dm_disp_replace(struct xfs_dm_session *s, __s32 sid, struct xfs_dm_fs *fs,
		    __u64 set)
{
	unsigned int		event;
	int			error = 0;

	spin_lock(&xfs_dm_disp_lock);
	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, sid)) {
		error = -EINVAL;
	} else if (!fs) {
		WRITE_ONCE(s->s_mount, set & XFS_DM_EVENT(MOUNT));
	} else if (list_empty(&fs->fs_list)) {
		error = -EBADF;
	} else {
		for (event = 0; event < DMAPI_EVENT_MAX; event++) {
			if (set & (1ULL << event))
				xfs_dm_disp_put(fs, event, s);
			else if (fs->fs_disp[event] == s)
				xfs_dm_disp_put(fs, event, NULL);
		}
	}
	spin_unlock(&s->s_lock);
	spin_unlock(&xfs_dm_disp_lock);

	if (!error && fs)
		wake_up_all(&fs->fs_wait);
	else if (!error)
		wake_up_all(&s->s_room);
	return error;
}

/* DMAPI_SET_DISP */
static long
xfs_dm_set_disp(struct xfs_dm_call *call)
{
	const struct dmapi_set_disp *arg = (void *)call->arg.bytes;
	struct xfs_dm_fs	*fs = call->fs;
	__u64			wrong;
	__u64			set;

	if (arg->pad)
		return -EINVAL;
	if (!arg->maxevent || arg->maxevent > DMAPI_EVENT_MAX)
		return -EINVAL;
	if (!fs && arg->obj.token != DMAPI_NO_TOKEN)
		return -EINVAL;
	if (copy_from_user(&set, u64_to_user_ptr(arg->eventsetp), sizeof(set)))
		return -EFAULT;

	set &= (1ULL << arg->maxevent) - 1;
	wrong = fs ? XFS_DM_NOT_FS_EVENTS :
			XFS_DM_EVENTS & ~XFS_DM_EVENT(MOUNT);
	if (set & wrong)
		return -EINVAL;
	return xfs_dm_disp_replace(call->s, arg->obj.sid, fs, set);
}

/* One record of dm_getall_disp(), as it is in the buffer. */
struct xfs_dm_disp_record {
	struct dmapi_dispinfo	r_info;
	__u64			r_fsid;
};

static_assert(sizeof(struct xfs_dm_disp_record) == 32);
static_assert(offsetof(struct xfs_dm_disp_record, r_fsid) == 24);

/*
 * What @s has, in up to @max records.  Returns the number of file systems of
 * which it has something, or -EINVAL if @sid is not its name any more.
 */
static int
xfs_dm_disp_list(struct xfs_dm_session *s, __s32 sid,
		 struct xfs_dm_disp_record *rec, unsigned int max)
{
	struct xfs_dm_fs	*fs;
	unsigned int		event;
	unsigned int		n = 0;
	bool			alive;
	__u64			set;

	spin_lock(&xfs_dm_disp_lock);
	spin_lock(&s->s_lock);
	alive = xfs_dm_session_is(s, sid);
	spin_unlock(&s->s_lock);
	if (!alive) {
		spin_unlock(&xfs_dm_disp_lock);
		return -EINVAL;
	}

	list_for_each_entry(fs, &xfs_dm_fs_list, fs_list) {
		set = 0;
		for (event = 0; event < DMAPI_EVENT_MAX; event++) {
			if (fs->fs_disp[event] == s)
				set |= 1ULL << event;
		}
		if (!set)
			continue;
		if (n < max) {
			if (n)
				rec[n - 1].r_info.link = sizeof(*rec);
			rec[n].r_info = (struct dmapi_dispinfo) {
				.fshandle.offset = offsetof(typeof(*rec),
							    r_fsid),
				.fshandle.length = sizeof(rec->r_fsid),
				.eventset = set,
			};
			rec[n].r_fsid = fs->fs_id;
		}
		n++;
	}
	spin_unlock(&xfs_dm_disp_lock);
	return n;
}

/* DMAPI_GETALL_DISP: all but the registration for MOUNT */
static long
xfs_dm_getall_disp(struct xfs_dm_call *call)
{
	const struct dmapi_getall *arg = (void *)call->arg.bytes;
	struct xfs_dm_disp_record *rec = NULL;
	unsigned int		room = 0;
	__u64			len;
	int			error = 0;
	int			n;

	if (arg->pad)
		return -EINVAL;

	/* What was counted may have grown when there is memory for it. */
	for (;;) {
		n = xfs_dm_disp_list(call->s, arg->sid, rec, room);
		if (n < 0) {
			kvfree(rec);
			return n;
		}
		len = n * sizeof(*rec);
		if (len > arg->buflen || n <= room)
			break;

		kvfree(rec);
		room = n;
		rec = kvzalloc_objs(*rec, room, GFP_KERNEL_ACCOUNT);
		if (!rec)
			return -ENOMEM;
	}

	if (len > arg->buflen)
		error = -E2BIG;
	else if (n && copy_to_user(u64_to_user_ptr(arg->bufp), rec, len))
		error = -EFAULT;
	kvfree(rec);
	if (error != -EFAULT && xfs_dm_put_u64(arg->rlenp, len))
		error = -EFAULT;
	return error;
}

const struct xfs_dm_op xfs_dm_disp_ops[] = {
	{
		.number	= DMAPI_SET_DISP,
		.size	= sizeof(struct dmapi_set_disp),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_GLOBAL |
			  XFS_DM_OP_EXCL,
		.call	= xfs_dm_set_disp,
	},
	{
		.number	= DMAPI_GETALL_DISP,
		.size	= sizeof(struct dmapi_getall),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_getall_disp,
	},
	{ }
};
