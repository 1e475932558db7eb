/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sessions, queues, dispositions and waits know of each other
 *
 * A session is a mailbox that belongs to no process.  It is found by its id in
 * one table, and everything that happens to its messages happens under its own
 * lock.  An id names it only until the session is assumed: the object, with
 * its messages and dispositions, goes on under a new id.  So whoever acts for
 * a caller compares the id that the caller gave with s_id again, under s_lock,
 * before anything is changed; what came with a dead id never acts.
 *
 * A message is made by the operation that needs it, the generator, and has two
 * references: the generator's, and one that belongs to its token.  Its life:
 *
 *	NEW --> QUEUED <--> INFLIGHT --> DELIVERED --> ANSWERED
 *	  |        |            |            |
 *	  |        +--------------------> RETURNED (the session has ended)
 *	  |        |            |
 *	  +--------+------------+--> GONE (nobody waits any more)
 *
 * INFLIGHT is a message that dm_get_events is copying out, with no lock held.
 * It goes on only when all of it has arrived, and back to the place it had in
 * the queue if not, or if the session is assumed in the meantime.  An
 * asynchronous message, a note, has no token and no generator that waits; it is
 * gone once it has arrived.  A message
 * whose generator was killed while somebody had it is an orphan: it can be
 * answered, and the answer goes nowhere.
 *
 * A session can end with messages in it, if it belongs to a descriptor.  Its
 * messages are RETURNED, and whoever waits for the answer to one makes another
 * one like it and asks again, as if he had found nobody to ask yet.
 *
 * A DELIVERED message can be moved to another session, and goes on there as if it
 * had been delivered there; its generator does not notice.  So m_session changes
 * under the locks of both.  With a session's lock held, whether a message is
 * this session's is certain.  Without, m_session is read under RCU, and may be
 * out of date.
 *
 * Lock order, outermost first:
 *
 *	xfs_dm_disp_lock	who gets what, the list of file systems
 *	  xa_lock of the session table
 *	    s_lock		a session's id, queues and counters; of two, the
 *				one at the lower address first
 *	      wait queue heads
 *
 * The lock of the token table and that of the list of waiters are leaves, taken
 * with none of the above held.  All are spinlocks: none is held over a copy
 * from or to user space, or over an allocation that may sleep.
 */
#ifndef __XFS_DM_SESSION_H__
#define __XFS_DM_SESSION_H__

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "xfs_dm_event.h"
#include "xfs_dm_right.h"	/* @xfs-dm-rights */

struct xfs_dm_call;

/* Sessions in the system */
#define XFS_DM_MAX_SESSIONS	4096

/**
 * struct xfs_dm_session - a session
 * @s_ref: the id table, calls, messages and session descriptors hold it
 * @s_lock: protects what follows, unless said otherwise
 * @s_id: the id it has now, 0: none yet, or destroyed.  Read without the lock
 *	only for what may be out of date.
 * @s_info: what its creator said it is for
 * @s_queued: messages not delivered, in the order of their sequence numbers
 * @s_inflight: messages that are being copied out, in the same order
 * @s_delivered: messages to be answered, in the order of delivery
 * @s_nqueued: messages in @s_queued and @s_inflight
 * @s_nreserved: asynchronous messages that may come, for which there is room
 * @s_ndelivered: messages in @s_delivered
 * @s_getters: threads in dm_get_events
 * @s_mount: registered for MOUNT with the global handle; xfs_dm_disp_lock
 * @s_bound: it ends with a descriptor
 * @s_created: when, as the following by ktime_get_boottime_ns(); constant
 * @s_assumed: when it got its present id by being assumed; 0: not
 * @s_got: last call of dm_get_events; 0: none
 * @s_tgid: who created or assumed it,
 * @s_comm: and his name
 * @s_wait: dm_get_events waits here for a message, exclusively
 * @s_poll: session descriptors are polled here
 * @s_room: generators wait here for room in a full queue, exclusively
 * @s_rcu: memory goes after a grace period, see above
 */
struct xfs_dm_session {
	refcount_t		s_ref;
	spinlock_t		s_lock;		/* for what follows */
	__s32			s_id;
	char			*s_info;
	struct list_head	s_queued;
	struct list_head	s_inflight;
	struct list_head	s_delivered;
	unsigned int		s_nqueued;
	unsigned int		s_nreserved;
	unsigned int		s_ndelivered;
	unsigned int		s_getters;
	bool			s_mount;
	bool			s_bound;
	u64			s_created;
	u64			s_assumed;
	u64			s_got;
	pid_t			s_tgid;
	char			s_comm[TASK_COMM_LEN];
	wait_queue_head_t	s_wait;
	wait_queue_head_t	s_poll;
	wait_queue_head_t	s_room;
	struct rcu_head		s_rcu;
};

enum xfs_dm_msg_state {
	XFS_DM_MSG_NEW = 0,
	XFS_DM_MSG_QUEUED,
	XFS_DM_MSG_INFLIGHT,
	XFS_DM_MSG_DELIVERED,
	XFS_DM_MSG_ANSWERED,
	XFS_DM_MSG_RETURNED,
	XFS_DM_MSG_GONE,
};

/**
 * struct xfs_dm_msg - a message
 * @m_ref: the generator and the token hold it
 * @m_state: where it is, written under s_lock
 * @m_orphan: the generator went away after it was read; s_lock
 * @m_pending: the answer will take its time, says the application; s_lock
 * @m_dontcare: the answer is somebody else's to give; valid with m_error
 * @m_error: the answer, 0 or a negated errno; valid once ANSWERED
 * @m_session: whose it is, referenced; set under s_lock when it is queued,
 *	changed when it is moved
 * @m_list: in one of the session's lists; s_lock
 * @m_fsid: the file system that it is about, whose workers may have it; 0: none
 * @m_since: queued, or delivered, when; s_lock
 * @m_wait: the generator waits here
 * @m_rights: what its token has; xfs_dm_right.c's lock, as the following three
 * @m_ended: the token has ended
 * @m_walk: the search of a circle that came by last,
 * @m_walk_next: and where it goes from here
 * @m_len: bytes in @m_payload
 * @m_msg: its head, as it is delivered but for the link, which is 0 here
 * @m_payload: the event's structure and its variable data
 */
struct xfs_dm_msg {
	refcount_t		m_ref;
	enum xfs_dm_msg_state	m_state;
	bool			m_orphan;
	bool			m_pending;
	bool			m_dontcare;
	int			m_error;
	struct xfs_dm_session	*m_session;
	struct list_head	m_list;
	__u64			m_fsid;
	u64			m_since;
	wait_queue_head_t	m_wait;
	/* @xfs-dm-rights { */
	struct list_head	m_rights;
	bool			m_ended;
	u64			m_walk;
	struct xfs_dm_msg	*m_walk_next;
	/* } @xfs-dm-rights */
	unsigned int		m_len;
	struct dmapi_eventmsg	m_msg;
	__u8			m_payload[] __counted_by(m_len);
};

/* Unread messages at which a worker looks for those that he may have */
#define XFS_DM_WORKER_LOOK	1024

/**
 * struct xfs_dm_worker - to what a worker's descriptor is limited
 * @w_nfs: number of
 * @w_fsid: file systems
 */
struct xfs_dm_worker {
	unsigned int		w_nfs;
	__u64			w_fsid[] __counted_by(w_nfs);
};

/* xfs_dm_descriptor.c */
int xfs_dm_descriptor_get(struct xfs_dm_call *call, int fd);
bool xfs_dm_worker_has(const struct xfs_dm_worker *worker, __u64 fsid);

/* xfs_dm_session.c */
void xfs_dm_session_exit(void);
int xfs_dm_session_mounters(struct xfs_dm_session ***listp);
void xfs_dm_session_end_bound(struct xfs_dm_session *s, __s32 sid);
struct xfs_dm_session *xfs_dm_session_find(unsigned long *sid);

/* xfs_dm_session_list.c */
int xfs_dm_session_list_init(void);
void xfs_dm_session_list_exit(void);

/* Are there @max messages, or places kept for them?  s_lock makes it certain. */
static inline bool
xfs_dm_session_is_full(const struct xfs_dm_session *s, unsigned int max)
{
	return READ_ONCE(s->s_nqueued) + READ_ONCE(s->s_nreserved) >= max;
}

static inline void xfs_dm_session_hold(struct xfs_dm_session *s)
{
	refcount_inc(&s->s_ref);
}

/* Is @sid, from a caller, still the name of this session? */
static inline bool xfs_dm_session_is(struct xfs_dm_session *s, __s32 sid)
{
	lockdep_assert_held(&s->s_lock);
	return sid > 0 && s->s_id == sid;
}

/*
 * Can a result be stored here?  Asked before anything is changed.  What is
 * there stays, since a call that fails leaves its outputs alone.
 */
static inline int xfs_dm_probe_u64(__u64 uptr)
{
	__u64 __user	*p = u64_to_user_ptr(uptr);
	__u64		old;

	if (get_user(old, p) || put_user(old, p))
		return -EFAULT;
	return 0;
}

/* xfs_dm_msg.c */
struct xfs_dm_msg *xfs_dm_msg_alloc(int type, unsigned int len);
void xfs_dm_msg_put(struct xfs_dm_msg *m);
void xfs_dm_msg_retire(struct xfs_dm_msg *m);
int xfs_dm_msg_queue(struct xfs_dm_session *s, struct xfs_dm_msg *m,
		     unsigned int max);
int xfs_dm_msg_deliver(struct xfs_dm_session *s, __s32 sid,
		       struct xfs_dm_msg *m);
int xfs_dm_msg_move(struct xfs_dm_session *s, __s32 sid,
		    struct xfs_dm_session *to, __s32 tosid,
		    struct xfs_dm_msg *m);
struct xfs_dm_session *xfs_dm_msg_holder(struct xfs_dm_msg *m);
int xfs_dm_msg_abandon(struct xfs_dm_msg *m);
struct xfs_dm_msg *xfs_dm_note_alloc(int type, unsigned int len, gfp_t gfp);
int xfs_dm_note_reserve(struct xfs_dm_session *s, unsigned int max);
void xfs_dm_note_unreserve(struct xfs_dm_session *s);
int xfs_dm_note_queue(struct xfs_dm_session *s, struct xfs_dm_msg *m);
void xfs_dm_msg_unread(struct xfs_dm_session *s, struct xfs_dm_msg *m,
		       struct list_head *gone);
void xfs_dm_queue_assumed(struct xfs_dm_session *s, struct list_head *gone);
void xfs_dm_queue_retire(struct list_head *gone);
struct xfs_dm_msg *xfs_dm_msg_again(const struct xfs_dm_msg *m);
struct xfs_dm_msg *xfs_dm_queue_first(struct xfs_dm_session *s,
				      const struct xfs_dm_worker *worker);
struct xfs_dm_msg *xfs_dm_token_get(__s32 token);
void xfs_dm_msg_exit(void);

/* Nobody waits for an answer to it. */
static inline bool xfs_dm_msg_is_note(const struct xfs_dm_msg *m)
{
	return m->m_msg.token == DMAPI_INVALID_TOKEN;
}

/* Is there an answer, so that m_error can be read? */
static inline bool xfs_dm_msg_is_answered(const struct xfs_dm_msg *m)
{
	/* Pairs with the release in xfs_dm_respond_event(). */
	return smp_load_acquire(&m->m_state) == XFS_DM_MSG_ANSWERED;
}

/* Has its session ended without answering it? */
static inline bool xfs_dm_msg_is_returned(const struct xfs_dm_msg *m)
{
	return READ_ONCE(m->m_state) == XFS_DM_MSG_RETURNED;
}

/* Bytes of the message as dm_find_eventmsg() returns it. */
static inline unsigned int xfs_dm_msg_size(const struct xfs_dm_msg *m)
{
	return sizeof(struct dmapi_eventmsg) + m->m_len;
}

/* ... and in the buffer of dm_get_events(), where the next one is aligned. */
static inline unsigned int xfs_dm_msg_room(const struct xfs_dm_msg *m)
{
	return ALIGN(xfs_dm_msg_size(m), 8);
}

/* With s_lock held: is the message one that this session has to answer? */
static inline bool xfs_dm_msg_is_outstanding(struct xfs_dm_session *s,
					     struct xfs_dm_msg *m)
{
	lockdep_assert_held(&s->s_lock);
	return READ_ONCE(m->m_session) == s &&
		READ_ONCE(m->m_state) == XFS_DM_MSG_DELIVERED;
}

/* May a worker have the message?  Without limits, by a NULL, everybody may. */
static inline bool xfs_dm_msg_is_for(const struct xfs_dm_msg *m,
				     const struct xfs_dm_worker *worker)
{
	return !worker || xfs_dm_worker_has(worker, m->m_fsid);
}

/* xfs_dm_disp.c */
extern spinlock_t xfs_dm_disp_lock;

struct xfs_dm_session *xfs_dm_disp_get(struct xfs_dm_fs *fs, int event);
void xfs_dm_disp_forget(struct xfs_dm_session *s);

/**
 * struct xfs_dm_waiter - an operation that waits, usually on its stack
 * @w_list: in the list of all; xfs_dm_waiters_lock
 * @w_task: who; NULL: nobody, any more
 * @w_fs: where; NULL: a message of an application's own
 * @w_about: on which event
 * @w_msg: for the answer to what; NULL: to another waiter's message
 * @w_since: since when, seconds of the monotonic clock
 * @w_aborts: how often all waits of the file system had been ended before
 * @w_no_room: its session's queue is full
 */
struct xfs_dm_waiter {
	struct list_head	w_list;
	struct task_struct	*w_task;
	struct xfs_dm_fs	*w_fs;
	const struct xfs_dm_about *w_about;
	struct xfs_dm_msg	*w_msg;
	time64_t		w_since;
	unsigned int		w_aborts;
	bool			w_no_room;
};

/* What an event of a whole file system carries. */
struct xfs_dm_fs_payload {
	struct dmapi_namesp_event p_event;
	__u64			p_fsid;
	__u8			p_handle[DMAPI_HANDLE_LEN];
};

static_assert(sizeof(struct xfs_dm_fs_payload) ==
	      sizeof(struct dmapi_namesp_event) + DMAPI_FSHANDLE_LEN +
	      DMAPI_HANDLE_LEN);

/* Into zeroed memory; @handle: of an object there, or NULL. */
static inline void
xfs_dm_fs_payload_fill(struct xfs_dm_fs_payload *p, const struct xfs_dm_fs *fs,
		       const __u8 *handle)
{
	p->p_event.handle1.offset = offsetof(typeof(*p), p_fsid);
	p->p_event.handle1.length = DMAPI_FSHANDLE_LEN;
	p->p_fsid = fs->fs_id;
	if (!handle)
		return;
	p->p_event.handle2.offset = offsetof(typeof(*p), p_handle);
	p->p_event.handle2.length = DMAPI_HANDLE_LEN;
	memcpy(p->p_handle, handle, DMAPI_HANDLE_LEN);
}

/*
 * xfs_dm_event.c: the parts of xfs_dm_note_prepare() and its like, for messages
 * that have a token.  xfs_dm_note_deliver() does not take the message.
 */
int xfs_dm_note_place(struct xfs_dm_note *note, struct xfs_dm_fs *fs, int event);
void xfs_dm_note_leave(struct xfs_dm_note *note);
int xfs_dm_note_deliver(struct xfs_dm_note *note);
int xfs_dm_event_raise(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		       struct xfs_dm_msg *m, bool *answered);
void xfs_dm_event_cancel(const struct xfs_dm_waiter *w);

/* Is it over: the file system died, or somebody ended all waits? */
static inline bool xfs_dm_is_over(const struct xfs_dm_waiter *w)
{
	return READ_ONCE(w->w_fs->fs_dead) ||
	       READ_ONCE(w->w_fs->fs_aborts) != w->w_aborts;
}

/* Has this session as many messages as operations of @fs leave there? */
static inline bool xfs_dm_is_full(const struct xfs_dm_fs *fs,
				  const struct xfs_dm_session *s)
{
	return xfs_dm_session_is_full(s, READ_ONCE(fs->fs_max_queued));
}

/* xfs_dm_wait.c */
void xfs_dm_assert_nothing_held(void);
void xfs_dm_waiter_add(struct xfs_dm_waiter *w);
void xfs_dm_waiter_del(struct xfs_dm_waiter *w);
void xfs_dm_waiter_change(struct xfs_dm_waiter *w, struct xfs_dm_msg *m);
unsigned int xfs_dm_wait_state(const struct xfs_dm_waiter *w);
int xfs_dm_wait_error(void);
void xfs_dm_wait_pend(const struct xfs_dm_waiter *w);
bool xfs_dm_wait_is_known(struct xfs_dm_fs *fs, const struct xfs_dm_about *a);
void xfs_dm_wait_forget(struct xfs_dm_fs *fs);
int xfs_dm_wait_init(void);
void xfs_dm_wait_exit(void);

#endif /* __XFS_DM_SESSION_H__ */
