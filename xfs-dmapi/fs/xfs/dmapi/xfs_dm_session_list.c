// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of sessions
 *
 * Whoever runs a manager, or is to clean up after one, wants to know whether a
 * session is alive: who made it, how much lies in it and for how long, and when
 * somebody looked at it last.  An application asks for one session, an
 * administrator reads /proc/fs/xfs/dmapi_sessions.
 *
 * Ages are by the clock that goes on while the machine is suspended: that is how
 * long users have waited.
 */
#include "xfs_dm_compat.h"

#include <linux/math64.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/timekeeping.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

static u64
xfs_dm_age(u64 now, u64 since)
{
	return since ? now - min(since, now) : DMAPI_NEVER;
}

static u64
xfs_dm_oldest(u64 now, struct list_head *list)
{
	const struct xfs_dm_msg	*m;

	m = list_first_entry_or_null(list, struct xfs_dm_msg, m_list);
	return xfs_dm_age(now, m ? m->m_since : 0);
}

/* @sid is its name, or there is no such session any more: -EINVAL. */
static int
xfs_dm_session_look(struct xfs_dm_session *s, __s32 sid,
		    struct dmapi_session_state *st)
{
	u64			now = ktime_get_boottime_ns();
	u64			queued, inflight;
	int			error = -EINVAL;

	memset(st, 0, sizeof(*st));
	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, sid))
		goto out;
	error = 0;
	st->sid = sid;
	if (READ_ONCE(s->s_mount))
		st->flags |= DMAPI_SESSION_MOUNT;
	if (s->s_bound)
		st->flags |= DMAPI_SESSION_BOUND;
	st->created = xfs_dm_age(now, s->s_created);
	st->assumed = xfs_dm_age(now, s->s_assumed);
	st->got = xfs_dm_age(now, s->s_got);
	queued = xfs_dm_oldest(now, &s->s_queued);
	inflight = xfs_dm_oldest(now, &s->s_inflight);
	/* NEVER is the largest of all ages. */
	if (queued == DMAPI_NEVER || inflight == DMAPI_NEVER)
		st->oldest_queued = min(queued, inflight);
	else
		st->oldest_queued = max(queued, inflight);
	st->oldest_delivered = xfs_dm_oldest(now, &s->s_delivered);
	st->queued = s->s_nqueued;
	st->delivered = s->s_ndelivered;
	st->getters = s->s_getters;
	st->tgid = s->s_tgid;
	memcpy(st->comm, s->s_comm, sizeof(st->comm));
	strscpy(st->info, s->s_info);
out:
	spin_unlock(&s->s_lock);
	return error;
}

/*
 * DMAPI_GET_SESSION_STATE
 *
 * Its first version is the least that is stored.
 */
static long
xfs_dm_get_session_state(struct xfs_dm_call *call)
{
	const struct dmapi_getall *arg = (void *)call->arg.bytes;
	struct dmapi_session_state *st;
	int			error;

	static_assert(sizeof(st->comm) == TASK_COMM_LEN);

	if (arg->pad)
		return -EINVAL;
	st = kzalloc_obj(*st, GFP_KERNEL);
	if (!st)
		return -ENOMEM;
	error = xfs_dm_session_look(call->s, arg->sid, st);
	if (error)
		goto out;
	if (arg->buflen < sizeof(*st))
		error = -E2BIG;
	else if (copy_to_user(u64_to_user_ptr(arg->bufp), st, sizeof(*st)))
		error = -EFAULT;
	if (error != -EFAULT && xfs_dm_put_u64(arg->rlenp, sizeof(*st)))
		error = -EFAULT;
out:
	kfree(st);
	return error;
}

/* --- For the administrator -------------------------------------------------- */

/* A line each; the position is the id, and 0 that of the head. */
static void *
xfs_dm_sessions_at(unsigned long sid, loff_t *pos)
{
	struct xfs_dm_session	*s = xfs_dm_session_find(&sid);

	if (s)
		*pos = sid;
	return s;
}

static void *
xfs_dm_sessions_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? xfs_dm_sessions_at(*pos, pos) : SEQ_START_TOKEN;
}

static void *
xfs_dm_sessions_next(struct seq_file *m, void *v, loff_t *pos)
{
	if (v != SEQ_START_TOKEN)
		xfs_dm_session_put(v);
	++*pos;
	return xfs_dm_sessions_at(*pos, pos);
}

static void
xfs_dm_sessions_stop(struct seq_file *m, void *v)
{
	if (v && v != SEQ_START_TOKEN)
		xfs_dm_session_put(v);
}

static void
xfs_dm_sessions_age(struct seq_file *m, u64 age)
{
	if (age == DMAPI_NEVER)
		seq_puts(m, " -");
	else
		seq_printf(m, " %llu", div_u64(age, NSEC_PER_SEC));
}

static int
xfs_dm_sessions_show(struct seq_file *m, void *v)
{
	struct dmapi_session_state *st = m->private;
	struct xfs_dm_session	*s = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "session tgid comm flags created assumed got queued oldest delivered oldest getters info\n");
		return 0;
	}
	/* Assumed or gone meanwhile? */
	if (xfs_dm_session_look(s, READ_ONCE(s->s_id), st))
		return SEQ_SKIP;
	seq_printf(m, "%d %d ", st->sid, st->tgid);
	seq_escape(m, st->comm, " \t\n\\");
	seq_printf(m, " %s%s%s", st->flags ? "" : "-",
		   st->flags & DMAPI_SESSION_MOUNT ? "m" : "",
		   st->flags & DMAPI_SESSION_BOUND ? "b" : "");
	xfs_dm_sessions_age(m, st->created);
	xfs_dm_sessions_age(m, st->assumed);
	xfs_dm_sessions_age(m, st->got);
	seq_printf(m, " %u", st->queued);
	xfs_dm_sessions_age(m, st->oldest_queued);
	seq_printf(m, " %u", st->delivered);
	xfs_dm_sessions_age(m, st->oldest_delivered);
	seq_printf(m, " %u ", st->getters);
	seq_escape(m, st->info, " \t\n\\");
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations xfs_dm_sessions_ops = {
	.start	= xfs_dm_sessions_start,
	.next	= xfs_dm_sessions_next,
	.stop	= xfs_dm_sessions_stop,
	.show	= xfs_dm_sessions_show,
};

/**
 * xfs_dm_session_list_init() - make the list visible
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_session_list_init(void)
{
	/* For root's eyes, as the list of waiters. */
	if (IS_ENABLED(CONFIG_PROC_FS) &&
	    !proc_create_seq_private("fs/xfs/dmapi_sessions", 0400, NULL,
				     &xfs_dm_sessions_ops,
				     sizeof(struct dmapi_session_state), NULL))
		return -ENOMEM;
	return 0;
}

/** xfs_dm_session_list_exit() - no session lives any more */
void
xfs_dm_session_list_exit(void)
{
	remove_proc_entry("fs/xfs/dmapi_sessions", NULL);
}

const struct xfs_dm_op xfs_dm_session_list_ops[] = {
	{
		.number	= DMAPI_GET_SESSION_STATE,
		.size	= sizeof(struct dmapi_getall),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_get_session_state,
	},
	{ }
};
