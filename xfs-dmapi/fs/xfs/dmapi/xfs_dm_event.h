/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions, messages and tokens
 *
 * What the rest of DMAPI knows of them.  A message is made with nothing held,
 * goes to the session that has the disposition for its event on its file
 * system, and is waited for until the session answers.  Nothing here knows
 * inodes: a message names its object by handle.
 */
#ifndef __XFS_DM_EVENT_H__
#define __XFS_DM_EVENT_H__

/* @xfs-dm-rights { */
#include "xfs_dm_right.h"

/* } @xfs-dm-rights */
#include <linux/dmapi.h>
#include <uapi/linux/dmapi.h>

struct xfs_dm_call;
struct xfs_dm_session;
struct xfs_mount;

/* Messages that a session may leave unread. */
#define XFS_DM_MAX_QUEUED	(1024U * 1024)

/* A set of one event */
#define XFS_DM_EVENT(event)	(1ULL << DMAPI_EVENT_##event)

/* What happens to an operation whose event no session wants. */
enum xfs_dm_policy {
	XFS_DM_POLICY_BLOCK = 0,	/* wait until one does */
	XFS_DM_POLICY_FAIL,		/* EIO */
	XFS_DM_POLICY_CONTINUE,		/* go on; never over an offline range */
};

/* Events that fall under one policy. */
enum xfs_dm_class {
	XFS_DM_CLASS_DATA = 0,		/* READ, WRITE, TRUNCATE */
	XFS_DM_CLASS_NAMESPACE,		/* what else waits for an answer */
	XFS_DM_CLASS_ASYNC,		/* what does not */
	XFS_DM_CLASSES,
};

/**
 * struct xfs_dm_fs - a mounted file system as sessions see it
 * @fs_ref: the mount, calls and whoever else found it hold it
 * @fs_release: what the last reference does
 * @fs_list: all of them; xfs_dm_disp_lock
 * @fs_mount: its mount, NULL once unmounted
 * @fs_id: the first 8 bytes of its handles
 * @fs_disp: who gets what, NULL: nobody; xfs_dm_disp_lock
 * @fs_wait: woken when a disposition, a policy, @fs_dead or @fs_aborts changed
 * @fs_dead: shut down or unmounting: waits end with EIO
 * @fs_aborts: how often an administrator ended all waits
 * @fs_policy: for each class; changed at any time
 * @fs_events: the file system's event list; changed at any time
 * @fs_max_queued: messages that operations here leave in a queue; likewise
 * @fs_nlost: asynchronous messages that nobody could be made to wait for
 * @fs_destroy_name: DM attribute that DESTROY carries; xfs_dm_disp_lock
 * @fs_destroy_set: there is one; ends with the disposition
 * @fs_intr: any signal ends a wait; changed at any time
 * @fs_waiters: operations that wait
 * @fs_nevents: messages that were queued
 * @fs_object: rights on the file system itself
 * @fs_right_wait: woken when there may be less in the way of a right, or of an
 *	operation
 * @fs_rights: what tokens have of it and of its objects
 * @fs_space_lock: the following
 * @fs_space_asked: a NOSPACE event is under way
 * @fs_space_answers: how many were answered
 * @fs_space_answer: the last answer, 0 or a negated errno
 *
 * Embedded in the mount's DM state, which outlives it while a message or a
 * call refers to it.  Whoever changes a policy wakes @fs_wait.
 */
struct xfs_dm_fs {
	struct kref		fs_ref;
	void			(*fs_release)(struct xfs_dm_fs *fs);
	struct list_head	fs_list;
	struct xfs_mount	*fs_mount;
	__u64			fs_id;
	struct xfs_dm_session	*fs_disp[DMAPI_EVENT_MAX];
	wait_queue_head_t	fs_wait;
	bool			fs_dead;
	unsigned int		fs_aborts;
	enum xfs_dm_policy	fs_policy[XFS_DM_CLASSES];
	__u64			fs_events;
	unsigned int		fs_max_queued;
	atomic64_t		fs_nlost;
	__u8			fs_destroy_name[DMAPI_ATTR_NAME_SIZE];
	bool			fs_destroy_set;
	bool			fs_intr;
	atomic_t		fs_waiters;
	atomic64_t		fs_nevents;
	/* @xfs-dm-rights { */
	struct xfs_dm_object	fs_object;
	wait_queue_head_t	fs_right_wait;
	atomic_t		fs_rights;
	/* } @xfs-dm-rights */
	spinlock_t		fs_space_lock;	/* for what follows */
	bool			fs_space_asked;
	unsigned int		fs_space_answers;
	int			fs_space_answer;
};

/**
 * struct xfs_dm_about - what an event is about
 * @a_event: DMAPI_EVENT_*; DMAPI_EVENT_MAX: a manager's call that needs a right
 * @a_handle: the file, DMAPI_HANDLE_LEN bytes
 * @a_off: as the event has it, bytes
 * @a_len: as the event has it, bytes
 * @a_offline: part of the range is offline, so that nothing may go on
 *	unanswered
 * @a_nodelay: -EAGAIN rather than a long wait
 * @a_deadly: only a deadly signal ends the wait, whatever the policy
 * @a_cancel: the object's event list has CANCEL
 * @a_right: it waits for a right, or until nobody has one
 */
struct xfs_dm_about {
	int			a_event;
	const __u8		*a_handle;
	__s64			a_off;
	__u64			a_len;
	bool			a_offline;
	bool			a_nodelay;
	bool			a_deadly;
	bool			a_cancel;
	u8			a_right;	/* @xfs-dm-rights */
};

/**
 * struct xfs_dm_note - an asynchronous message, ready to be sent
 * @n_fs: whose event it is
 * @n_session: who gets it, with room for it; referenced
 * @n_msg: the message, NULL if there is none
 */
struct xfs_dm_note {
	struct xfs_dm_fs	*n_fs;
	struct xfs_dm_session	*n_session;
	struct xfs_dm_msg	*n_msg;
};

/* The disposition table and the sessions: xfs_dm_disp.c, xfs_dm_session.c */
void xfs_dm_fs_init(struct xfs_dm_fs *fs, struct xfs_mount *mp, __u64 fsid);
void xfs_dm_fs_add(struct xfs_dm_fs *fs);
void xfs_dm_fs_kill(struct xfs_dm_fs *fs);	/* waiters end with EIO */
void xfs_dm_fs_abort(struct xfs_dm_fs *fs);	/* those of now do */
void xfs_dm_fs_room(struct xfs_dm_fs *fs);	/* fs_max_queued has changed */
void xfs_dm_fs_remove(struct xfs_dm_fs *fs);	/* dispositions go */
struct xfs_dm_fs *xfs_dm_fs_get(__u64 fsid);	/* NULL: not mounted */
void xfs_dm_fs_put(struct xfs_dm_fs *fs);
/* Which DM attribute DESTROY carries: -EINVAL if @s does not get DESTROY. */
int xfs_dm_destroy_set(struct xfs_dm_fs *fs, struct xfs_dm_session *s,
		       __s32 sid, const __u8 *name);
bool xfs_dm_destroy_get(struct xfs_dm_fs *fs, __u8 *name);

/* After xfs_init_procfs(), and before xfs_cleanup_procfs(). */
int xfs_dm_event_init(void);
void xfs_dm_event_exit(void);

/*
 * Session look-up for ops; the reference is dropped with _put.  @sid must be
 * the id as the caller knows it: one that was assumed is dead.
 */
struct xfs_dm_session *xfs_dm_session_get(__s32 sid);	/* ERR_PTR(-EINVAL) */
void xfs_dm_session_put(struct xfs_dm_session *s);
/*
 * 0, also for DMAPI_NO_TOKEN; -EINVAL for a malformed token, -ESRCH for one
 * not outstanding in the call's session, or not for this caller.
 */
int xfs_dm_token_check(const struct xfs_dm_call *call, __s32 token);

/**
 * xfs_dm_event_data() - raise READ, WRITE or TRUNCATE and wait for the answer
 * @fs: the file system
 * @a: what it is about
 *
 * Called with nothing held.  Killable, or interruptible if the policy says so.
 *
 * Return: 0 after CONTINUE, or if policy lets the operation go on; the negated
 * errno of an ABORT; -EIO if the policy is to fail, or the file system died;
 * -EINTR or -ERESTARTSYS after a signal; -EAGAIN for what must not be delayed,
 * if the event is outstanding already or is going to take its time.
 */
int xfs_dm_event_data(struct xfs_dm_fs *fs, const struct xfs_dm_about *a);

/**
 * xfs_dm_event_space() - raise NOSPACE, or join whoever did, and wait
 * @fs: the file system
 * @a: for whom
 *
 * Called with nothing held, and as above.
 *
 * Return: 0 after CONTINUE; the negated errno of an ABORT; -ENOSPC if no session
 * wants the event; else as above.
 */
int xfs_dm_event_space(struct xfs_dm_fs *fs, const struct xfs_dm_about *a);

/**
 * xfs_dm_event_namesp() - raise an event that is a struct dmapi_namesp_event
 * @fs: the file system
 * @a: what it is about
 * @payload: the structure and its variable data
 * @len: bytes
 *
 * As xfs_dm_event_data().
 */
int xfs_dm_event_namesp(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
			const void *payload, unsigned int len);

/**
 * xfs_dm_event_room() - wait until an asynchronous event can be sent
 * @fs: the file system
 * @a: what it is about
 *
 * Called with nothing held, and as above.
 *
 * Return: 0 if it can, or if policy lets the operation go on without; or as
 * xfs_dm_event_data().
 */
int xfs_dm_event_room(struct xfs_dm_fs *fs, const struct xfs_dm_about *a);

/**
 * xfs_dm_event_join() - wait until what somebody else asked for is settled
 * @fs: the file system
 * @a: what it is about
 * @done: is it?  Asked again whenever fs_wait is woken
 * @data: for @done
 *
 * Called with nothing held, and as above.
 *
 * Return: 0, -EIO if all waits were ended, or the errno of a signal.
 */
int xfs_dm_event_join(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		      bool (*done)(void *data), void *data);

/**
 * xfs_dm_note_prepare() - make a message that can be sent under any lock
 * @note: result, all NULL if there is none
 * @fs: the file system
 * @event: DMAPI_EVENT_*
 * @len: bytes of its structure and variable data
 * @gfp: how to allocate
 *
 * Return: 0; -ENOLINK if no session wants it; -ENOSPC if its queue is full;
 * -ENOMEM.
 */
int xfs_dm_note_prepare(struct xfs_dm_note *note, struct xfs_dm_fs *fs,
			int event, unsigned int len, gfp_t gfp);
/* The payload, to be filled in. */
void *xfs_dm_note_payload(struct xfs_dm_note *note);
/* Either of the two ends it; both take one that is not there. */
void xfs_dm_note_send(struct xfs_dm_note *note);
void xfs_dm_note_drop(struct xfs_dm_note *note);
/* A message could not be made, and nobody could wait. */
void xfs_dm_note_lost(struct xfs_dm_fs *fs);

/* Does the file system raise an event about itself, and is there who wants it? */
static inline bool xfs_dm_fs_wants(const struct xfs_dm_fs *fs, int event)
{
	return (READ_ONCE(fs->fs_events) & (1ULL << event)) &&
	       READ_ONCE(fs->fs_disp[event]);
}

/*
 * The ops of sessions, queues and dispositions.  Every op's structure has been
 * copied in and its size checked; session, handle and token have been resolved
 * as its table entry asks (see xfs_dm_ops.h).
 */

#endif /* __XFS_DM_EVENT_H__ */
