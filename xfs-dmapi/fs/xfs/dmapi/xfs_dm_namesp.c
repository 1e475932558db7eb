// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that come, go and move
 *
 * XFS is asked to change a directory with the directory locked, below freeze
 * protection.  If somebody wants to hear of it before, what is to happen is
 * written down as the event's message, the operation unwinds, waits and begins
 * again from the path: it may meet another directory then, or another file under
 * the name.  So its ticket is made out for all of what the message says: same
 * directories, same names, same mode.  If that is another now, there is another
 * event, and in the meantime everybody can use the directory.
 *
 * What is told afterwards has its message made, and its place in the queue kept,
 * before anything happens; it is sent before the directory is unlocked, so that
 * messages are in the order of what they tell.  If the queue is full, or there
 * is no session and policy is to wait for one, the operation unwinds for that,
 * too.  Who cannot wait is a worker, whose message is lost and counted.
 *
 * After an answer that let the operation go on, it may not come here again:
 * somebody else has made the name meanwhile.  Whoever was asked is told that,
 * too: what was to be said is kept with the scope, which says it at its end.
 * After a refusal nothing follows.
 *
 * An exchange of two names is a renaming each way.
 *
 * A stacked file system works in steps, under names that it makes up anew each
 * time.  There an answer is good for a directory whatever the name, or the
 * operation would ask for ever.  What it takes away in the end, or because it
 * unwinds, is told, but nobody is asked: it would not do without.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/once.h>
#include <linux/siphash.h>

/**
 * struct xfs_dm_names - what is about to happen
 * @event: DMAPI_EVENT_CREATE and its like
 * @dp: the directory; where it moves from
 * @ip: the second handle: where it moves to, or what is linked
 * @dp2: the other directory whose list counts, or NULL
 * @moved: objects whose names come or go, or NULL
 * @name1: a name, not terminated
 * @len1: its length, bytes
 * @name2: another, or a link's contents
 * @len2: its length, bytes
 * @mode: the object's
 */
struct xfs_dm_names {
	int			event;
	struct xfs_inode	*dp;
	struct xfs_inode	*ip;
	struct xfs_inode	*dp2;
	struct xfs_inode	*moved[2];	/* @xfs-dm-rights */
	const char		*name1;
	unsigned int		len1;
	const char		*name2;
	unsigned int		len2;
	u32			mode;
};

/* The variable data of all of them, with room for what is empty. */
struct xfs_dm_names_payload {
	struct dmapi_namesp_event p_event;
	__u8			p_handle1[DMAPI_HANDLE_LEN];
	__u8			p_handle2[DMAPI_HANDLE_LEN];
	char			p_names[];
};

/**
 * struct xfs_dm_after - what is to be said after an operation
 * @base: for the scope that keeps it in between
 * @fs: the file system, referenced
 * @key: of the operation
 * @n: number of messages
 * @asked: somebody was asked, and has not answered
 * @note: the messages
 */
struct xfs_dm_after {
	struct dmapi_after	base;
	struct xfs_dm_fs	*fs;
	u64			key;
	unsigned int		n;
	bool			asked;
	struct xfs_dm_note	note[2];
};

/* The event that tells the result. */
static int
xfs_dm_post_of(int event)
{
	return event == DMAPI_EVENT_CREATE ? DMAPI_EVENT_POSTCREATE : event + 1;
}

static_assert(DMAPI_EVENT_POSTREMOVE - DMAPI_EVENT_REMOVE == 1);
static_assert(DMAPI_EVENT_POSTRENAME - DMAPI_EVENT_RENAME == 1);
static_assert(DMAPI_EVENT_POSTLINK - DMAPI_EVENT_LINK == 1);
static_assert(DMAPI_EVENT_POSTSYMLINK - DMAPI_EVENT_SYMLINK == 1);

static unsigned int
xfs_dm_names_size(const struct xfs_dm_names *n)
{
	return sizeof(struct xfs_dm_names_payload) + n->len1 + 1 +
	       (n->name2 ? n->len2 + 1 : 0);
}

/* Into zeroed memory */
static void
xfs_dm_names_fill(const struct xfs_dm_names *n, void *to)
{
	struct xfs_dm_names_payload *p = to;
	struct dmapi_namesp_event *e = &p->p_event;

	e->mode = n->mode;
	e->handle1.offset = offsetof(typeof(*p), p_handle1);
	e->handle1.length = DMAPI_HANDLE_LEN;
	xfs_dm_handle_init(n->dp, p->p_handle1);
	if (n->ip) {
		e->handle2.offset = offsetof(typeof(*p), p_handle2);
		e->handle2.length = DMAPI_HANDLE_LEN;
		xfs_dm_handle_init(n->ip, p->p_handle2);
	}
	e->name1.offset = offsetof(typeof(*p), p_names);
	e->name1.length = n->len1 + 1;
	memcpy(p->p_names, n->name1, n->len1);
	if (n->name2) {
		e->name2.offset = e->name1.offset + e->name1.length;
		e->name2.length = n->len2 + 1;
		memcpy(p->p_names + n->len1 + 1, n->name2, n->len2);
	}
}

/* One number for all of a message, which nobody outside can aim at. */
static u64
xfs_dm_names_key(const void *payload, unsigned int len)
{
	static siphash_key_t	key;

	get_random_once(&key, sizeof(key));
	return siphash(payload, len, &key);
}

/* Does a stacked file system take away what it has made, or need not any more? */
static bool
xfs_dm_cleans_up(const struct dmapi_scope *scope, int event)
{
	return scope && scope->stacked && (scope->stepped || scope->inode) &&
	       (event == DMAPI_EVENT_REMOVE || event == DMAPI_EVENT_POSTREMOVE);
}

/* The scope's wait: nothing is held. */
static int
xfs_dm_namesp_wait(struct inode *inode, const struct dmapi_want *want)
{
	struct xfs_inode	*ip = XFS_I(inode);
	u8			handle[DMAPI_HANDLE_LEN];
	struct xfs_dm_about	about = {
		.a_event	= want->event,
		.a_handle	= handle,
		.a_cancel	= xfs_dm_enabled(ip, DMAPI_EVENT_CANCEL),
	};

	xfs_dm_handle_init(ip, handle);
	return xfs_dm_event_namesp(&ip->i_mount->m_dm->fs, &about, want->data,
				   want->data_len);
}

/* Likewise, for room in a queue. */
static int
xfs_dm_room_wait(struct inode *inode, const struct dmapi_want *want)
{
	struct xfs_inode	*ip = XFS_I(inode);
	u8			handle[DMAPI_HANDLE_LEN];
	struct xfs_dm_about	about = {
		.a_event	= want->event,
		.a_handle	= handle,
	};

	xfs_dm_handle_init(ip, handle);
	return xfs_dm_event_room(&ip->i_mount->m_dm->fs, &about);
}

/**
 * xfs_dm_note_want() - a message could not be made ready
 * @ip: the object, locked in whatever way
 * @event: DMAPI_EVENT_*
 * @error: what xfs_dm_note_prepare() gave
 *
 * Return: -EAGAIN for the operation to unwind and come back; 0 to go on without
 * the message; -EIO if policy is to fail.
 */
int
xfs_dm_note_want(struct xfs_inode *ip, int event, int error)
{
	struct xfs_dm_fs	*fs = &ip->i_mount->m_dm->fs;
	struct dmapi_scope	*scope;
	struct dmapi_want	want = {
		.inode	= VFS_I(ip),
		.igen	= VFS_I(ip)->i_generation,
		.event	= event,
		.must	= true,
	};

	if (error == -ENOLINK) {
		switch (READ_ONCE(fs->fs_policy[XFS_DM_CLASS_ASYNC])) {
		case XFS_DM_POLICY_CONTINUE:
			return 0;
		case XFS_DM_POLICY_FAIL:
			return -EIO;
		default:
			break;
		}
	}
	if (error == -ENOLINK || error == -ENOSPC) {
		scope = dmapi_scope_find();
		if (scope && scope->nhad < DMAPI_SCOPE_ROUNDS &&
		    !xfs_dm_cleans_up(scope, event))
			return dmapi_scope_want(scope, VFS_I(ip), &want,
						xfs_dm_room_wait);
		/* A client comes back. */
		if (!scope && dmapi_is_server())
			return -EAGAIN;
	}
	xfs_dm_note_lost(fs);
	return 0;
}

static void
xfs_dm_after_free(struct xfs_dm_after *after)
{
	unsigned int		i;

	for (i = 0; i < after->n; i++)
		xfs_dm_note_drop(&after->note[i]);
	xfs_dm_fs_put(after->fs);
	kfree(after);
}

/* Say it. */
static void
xfs_dm_after_send(struct xfs_dm_after *after, const struct inode *inode,
		  int error)
{
	struct xfs_dm_names_payload *p;
	unsigned int		i;

	for (i = 0; i < after->n; i++) {
		if (!after->note[i].n_msg)
			continue;
		p = xfs_dm_note_payload(&after->note[i]);
		p->p_event.retcode = -error;
		if (inode && !error) {
			p->p_event.handle2.offset = offsetof(typeof(*p),
							     p_handle2);
			p->p_event.handle2.length = DMAPI_HANDLE_LEN;
			xfs_dm_handle_init(XFS_I((struct inode *)inode),
					   p->p_handle2);
			p->p_event.mode = inode->i_mode;
		}
		xfs_dm_note_send(&after->note[i]);
	}
	xfs_dm_after_free(after);
}

/* The operation is over, and did not come here again after it was asked for. */
static void
xfs_dm_after_end(struct dmapi_after *base, bool answered, long ret)
{
	struct xfs_dm_after	*after = container_of(base, struct xfs_dm_after,
						      base);

	if (!answered && after->asked)
		xfs_dm_after_free(after);
	else
		xfs_dm_after_send(after, NULL, ret < 0 ? ret : -EEXIST);
}

/* Make ready what is to be said, or take what was. */
static int
xfs_dm_namesp_after(const struct xfs_dm_names *n, unsigned int count, u64 key,
		    struct dmapi_scope *scope, struct xfs_dm_after **afterp)
{
	struct xfs_inode	*dp = n->dp;
	struct xfs_dm_after	*after;
	void			*payload;
	unsigned int		i;
	int			post = xfs_dm_post_of(n->event);
	int			error;

	*afterp = NULL;
	if (scope && !scope->inode && scope->after &&
	    scope->after->end == xfs_dm_after_end) {
		after = container_of(scope->after, struct xfs_dm_after, base);
		scope->after = NULL;
		if (after->key == key) {
			*afterp = after;
			return 0;
		}
		xfs_dm_after_free(after);
	}
	if (!xfs_dm_enabled(dp, post) &&
	    !(n->dp2 && xfs_dm_enabled(n->dp2, post)))
		return 0;

	after = kzalloc_obj(*after, GFP_KERNEL_ACCOUNT);
	if (!after)
		return -ENOMEM;
	after->base.end = xfs_dm_after_end;
	after->key = key;
	after->n = count;
	after->fs = &dp->i_mount->m_dm->fs;
	kref_get(&after->fs->fs_ref);
	for (i = 0; i < count; i++) {
		error = xfs_dm_note_prepare(&after->note[i], after->fs, post,
					    xfs_dm_names_size(&n[i]),
					    GFP_KERNEL_ACCOUNT);
		if (!error) {
			payload = xfs_dm_note_payload(&after->note[i]);
			xfs_dm_names_fill(&n[i], payload);
			continue;
		}
		error = xfs_dm_note_want(dp, post, error);
		if (error) {
			xfs_dm_after_free(after);
			return error;
		}
	}
	*afterp = after;
	return 0;
}

/* Ask for it, unless that was done.  0 if it may happen. */
static int
xfs_dm_namesp_ask(const struct xfs_dm_names *n, struct dmapi_scope *scope,
		  struct dmapi_want *want)
{
	struct xfs_inode	*dp = n->dp;
	int			error;

	want->inode = VFS_I(dp);
	want->igen = VFS_I(dp)->i_generation;
	want->event = n->event;
	want->once = true;
	if (!scope) {
		error = -EIO;
		if (dmapi_is_server())
			return xfs_dm_proxy(dp, want, xfs_dm_namesp_wait);
		kfree(want->data);
		return error;
	}
	if (dmapi_scope_settled(scope, want)) {
		kfree(want->data);
		return 0;
	}
	return dmapi_scope_want(scope, VFS_I(dp), want, xfs_dm_namesp_wait);
}

/* @xfs-dm-rights { */
/* Are rights in the way, on a directory or on what has its name there? */
static int
xfs_dm_namesp_exclude(const struct xfs_dm_names *n,
		      const struct dmapi_scope *scope)
{
	struct xfs_inode	*ips[] = { n->dp, n->dp2, n->moved[0],
					   n->moved[1] };
	unsigned int		i;
	int			error = 0;

	if (xfs_dm_cleans_up(scope, n->event))
		return 0;
	for (i = 0; !error && i < ARRAY_SIZE(ips); i++) {
		if (ips[i])
			error = xfs_dm_exclude(ips[i], n->event, 0, 0, 0);
	}
	return error;
}

/* } @xfs-dm-rights */
/* @n: @count things that happen at once */
static int
xfs_dm_namesp_begin(struct xfs_dm_namesp *op, const struct xfs_dm_names *n,
		    unsigned int count)
{
	struct dmapi_scope	*scope = dmapi_scope_find();
	struct xfs_dm_after	*after;
	struct dmapi_want	want[2] = { };
	unsigned int		i;
	u64			key[2];
	bool			pre;
	int			error;

	if (!xfs_dm_is_managed(n->dp->i_mount))
		return 0;
	/* @xfs-dm-rights { */
	error = xfs_dm_namesp_exclude(n, scope);
	if (error)
		return error;
	/* } @xfs-dm-rights */
	pre = xfs_dm_enabled(n->dp, n->event) ||
	      (n->dp2 && xfs_dm_enabled(n->dp2, n->event));
	if (!pre && !xfs_dm_enabled(n->dp, xfs_dm_post_of(n->event)) &&
	    !(n->dp2 && xfs_dm_enabled(n->dp2, xfs_dm_post_of(n->event))))
		return 0;

	for (i = 0; i < count; i++) {
		want[i].data_len = xfs_dm_names_size(&n[i]);
		want[i].data = kzalloc(want[i].data_len, GFP_KERNEL_ACCOUNT);
		if (!want[i].data) {
			error = -ENOMEM;
			goto out_free;
		}
		xfs_dm_names_fill(&n[i], want[i].data);
		key[i] = xfs_dm_names_key(want[i].data, want[i].data_len);
		if (!scope || !scope->stacked)
			want[i].off = key[i];
	}

	error = xfs_dm_namesp_after(n, count, key[0], scope, &after);
	if (error)
		goto out_free;
	if (after)
		after->asked = false;
	if (xfs_dm_cleans_up(scope, n->event))
		pre = false;
	for (i = 0; pre && !error && i < count; i++) {
		error = xfs_dm_namesp_ask(&n[i], scope, &want[i]);
		want[i].data = NULL;
		if (error == -EAGAIN && scope && after) {
			after->asked = true;
			scope->after = &after->base;
			after = NULL;
		}
	}
	if (error && after)
		xfs_dm_after_free(after);
	else
		op->after = after;
	if (!error && scope)
		scope->stepped = true;
out_free:
	for (i = 0; i < count; i++)
		kfree(want[i].data);
	return error;
}

void
__xfs_dm_namesp_end(struct xfs_dm_namesp *op, const struct inode *inode,
		    int error)
{
	struct xfs_dm_after	*after = op->after;
	struct dmapi_scope	*scope;

	/* It comes back, having waited for space. */
	if (error == -EAGAIN) {
		scope = dmapi_scope_find();
		if (scope && scope->inode && !scope->after)
			scope->after = &after->base;
		else
			xfs_dm_after_free(after);
		return;
	}
	xfs_dm_after_send(after, inode, error);
}

static void
xfs_dm_names_init(struct xfs_dm_names *n, int event, struct inode *dir,
		  const struct dentry *dentry)
{
	*n = (struct xfs_dm_names) {
		.event	= event,
		.dp	= XFS_I(dir),
		.name1	= dentry->d_name.name,
		.len1	= dentry->d_name.len,
	};
}

int
__xfs_dm_create_begin(struct xfs_dm_namesp *op, struct inode *dir,
		      const struct dentry *dentry, umode_t mode)
{
	struct xfs_dm_names	n;

	/* @xfs-dm-create { */
	if (xfs_dm_wants_inode(XFS_I(dir)))
		return 0;
	/* } @xfs-dm-create */
	xfs_dm_names_init(&n, DMAPI_EVENT_CREATE, dir, dentry);
	n.mode = mode;
	return xfs_dm_namesp_begin(op, &n, 1);
}

int
__xfs_dm_remove_begin(struct xfs_dm_namesp *op, struct inode *dir,
		      const struct dentry *dentry)
{
	struct xfs_dm_names	n;

	xfs_dm_names_init(&n, DMAPI_EVENT_REMOVE, dir, dentry);
	n.moved[0] = XFS_I(d_inode(dentry));	/* @xfs-dm-rights */
	n.mode = d_inode(dentry)->i_mode;
	return xfs_dm_namesp_begin(op, &n, 1);
}

int
__xfs_dm_link_begin(struct xfs_dm_namesp *op, struct inode *dir,
		    const struct dentry *dentry, struct inode *inode)
{
	struct xfs_dm_names	n;

	xfs_dm_names_init(&n, DMAPI_EVENT_LINK, dir, dentry);
	n.ip = XFS_I(inode);
	n.moved[0] = XFS_I(inode);	/* @xfs-dm-rights */
	n.mode = inode->i_mode;
	return xfs_dm_namesp_begin(op, &n, 1);
}

int
__xfs_dm_symlink_begin(struct xfs_dm_namesp *op, struct inode *dir,
		       const struct dentry *dentry, const char *target,
		       umode_t mode)
{
	struct xfs_dm_names	n;

	/* @xfs-dm-create { */
	if (xfs_dm_wants_inode(XFS_I(dir)))
		return 0;
	/* } @xfs-dm-create */
	xfs_dm_names_init(&n, DMAPI_EVENT_SYMLINK, dir, dentry);
	n.name2 = target;
	n.len2 = strlen(target);
	n.mode = mode;
	return xfs_dm_namesp_begin(op, &n, 1);
}

int
__xfs_dm_rename_begin(struct xfs_dm_namesp *op, struct inode *odir,
		      const struct dentry *odentry, struct inode *ndir,
		      const struct dentry *ndentry, unsigned int flags)
{
	struct xfs_dm_names	n[2];
	unsigned int		count = 1;

	xfs_dm_names_init(&n[0], DMAPI_EVENT_RENAME, odir, odentry);
	n[0].ip = XFS_I(ndir);
	if (ndir != odir)
		n[0].dp2 = XFS_I(ndir);
	n[0].name2 = ndentry->d_name.name;
	n[0].len2 = ndentry->d_name.len;
	/* @xfs-dm-rights { */
	n[0].moved[0] = XFS_I(d_inode(odentry));
	if (d_really_is_positive(ndentry))
		n[0].moved[1] = XFS_I(d_inode(ndentry));
	/* } @xfs-dm-rights */
	n[0].mode = d_inode(odentry)->i_mode;
	if (flags & RENAME_EXCHANGE) {
		xfs_dm_names_init(&n[1], DMAPI_EVENT_RENAME, ndir, ndentry);
		n[1].ip = XFS_I(odir);
		n[1].dp2 = n[0].dp2 ? XFS_I(odir) : NULL;
		n[1].name2 = odentry->d_name.name;
		n[1].len2 = odentry->d_name.len;
		n[1].mode = d_inode(ndentry)->i_mode;
		count = 2;
	}
	return xfs_dm_namesp_begin(op, n, count);
}
