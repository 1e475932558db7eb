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

#include <linux/dmapi.h>
#include <uapi/linux/dmapi.h>

struct xfs_dm_session;
struct xfs_mount;

/* What happens to an operation whose event no session wants. */
enum xfs_dm_policy {
	XFS_DM_POLICY_BLOCK = 0,	/* wait until one does */
	XFS_DM_POLICY_FAIL,		/* EIO */
	XFS_DM_POLICY_CONTINUE,		/* go on; never over an offline range */
};

/**
 * struct xfs_dm_fs - a mounted file system as sessions see it
 * @fs_ref: the mount, calls and whoever else found it hold it
 * @fs_release: what the last reference does
 * @fs_list: all of them; xfs_dm_disp_lock
 * @fs_mount: its mount, NULL once unmounted
 * @fs_id: the first 8 bytes of its handles
 * @fs_disp: who gets what, NULL: nobody; xfs_dm_disp_lock
 * @fs_wait: woken when a disposition, a policy or @fs_dead changed
 * @fs_dead: shut down or unmounting: waits end with EIO
 * @fs_data_policy: for READ, WRITE and TRUNCATE; changed at any time
 * @fs_intr: any signal ends a wait; changed at any time
 * @fs_waiters: operations that wait
 * @fs_nevents: messages that were queued
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
	enum xfs_dm_policy	fs_data_policy;
	bool			fs_intr;
	atomic_t		fs_waiters;
	atomic64_t		fs_nevents;
};

/* The disposition table and the sessions: xfs_dm_disp.c, xfs_dm_session.c */
void xfs_dm_fs_init(struct xfs_dm_fs *fs, struct xfs_mount *mp, __u64 fsid);
void xfs_dm_fs_add(struct xfs_dm_fs *fs);
void xfs_dm_fs_kill(struct xfs_dm_fs *fs);	/* waiters end with EIO */
void xfs_dm_fs_remove(struct xfs_dm_fs *fs);	/* dispositions go */
struct xfs_dm_fs *xfs_dm_fs_get(__u64 fsid);	/* NULL: not mounted */
void xfs_dm_fs_put(struct xfs_dm_fs *fs);

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
 * not outstanding here.
 */
int xfs_dm_token_check(struct xfs_dm_session *s, __s32 token);

/**
 * xfs_dm_event_data() - raise READ, WRITE or TRUNCATE and wait for the answer
 * @fs: the file system
 * @event: DMAPI_EVENT_READ, _WRITE or _TRUNCATE
 * @handle: the file, DMAPI_HANDLE_LEN bytes
 * @off: as the event has it, bytes
 * @len: as the event has it, bytes
 * @offline: part of the range is offline, so that nothing may go on unanswered
 *
 * Called with nothing held.  Killable, or interruptible if the policy says so.
 *
 * Return: 0 after CONTINUE, or if policy lets the operation go on; the negated
 * errno of an ABORT; -EIO if the policy is to fail, or the file system died;
 * -EINTR or -ERESTARTSYS after a signal.
 */
int xfs_dm_event_data(struct xfs_dm_fs *fs, int event, const void *handle,
		      __s64 off, __u64 len, bool offline);

/*
 * The ops of sessions, queues and dispositions.  Every op's structure has been
 * copied in and its size checked; session, handle and token have been resolved
 * as its table entry asks (see xfs_dm_ops.h).
 */

#endif /* __XFS_DM_EVENT_H__ */
