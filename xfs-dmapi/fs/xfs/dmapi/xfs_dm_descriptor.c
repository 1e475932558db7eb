// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions as descriptors
 *
 * A descriptor can be polled beside others, names the session in a call, and can
 * be given to another process.  It belongs to the id that the session had when it
 * was made.  It holds the memory, not the session: destruction or assumption
 * turns it into POLLERR | POLLHUP.
 *
 * The other way round, a session may hang on a descriptor, and end with the last
 * reference to it, however that goes.  Assumption cuts it off, so that a
 * successor can save the session, if he is in time.
 *
 * A descriptor for workers is all the privilege that its holder needs, and gives
 * no more than what is for workers.  It was made by somebody privileged, and
 * whether it may be used is a question of having it, not of who has it: no
 * credentials are looked at, and root is limited by it as everybody is.  It shows
 * a part of the session, as if there were no messages but those about its file
 * systems.
 */
#include "xfs_dm_compat.h"

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

#define XFS_DM_FD_FLAGS		(DMAPI_FD_ENDS | DMAPI_FD_WORKER)

/**
 * struct xfs_dm_session_file - what is behind a descriptor
 * @sf_session: the session, referenced
 * @sf_sid: its id when this was made
 * @sf_flags: DMAPI_FD_*; changed only before anybody knows it
 * @sf_worker: its limits, with DMAPI_FD_WORKER
 */
struct xfs_dm_session_file {
	struct xfs_dm_session	*sf_session;
	__s32			sf_sid;
	__u32			sf_flags;
	struct xfs_dm_worker	sf_worker;
};

/**
 * xfs_dm_worker_has() - is this one of his file systems?
 * @worker: the limits of his descriptor
 * @fsid: the first 8 bytes of a handle, or 0: of none
 */
bool
xfs_dm_worker_has(const struct xfs_dm_worker *worker, __u64 fsid)
{
	unsigned int		i;

	for (i = 0; fsid && i < worker->w_nfs; i++) {
		if (worker->w_fsid[i] == fsid)
			return true;
	}
	return false;
}

static const struct xfs_dm_worker *
xfs_dm_file_worker(const struct xfs_dm_session_file *sf)
{
	return sf->sf_flags & DMAPI_FD_WORKER ? &sf->sf_worker : NULL;
}

static __poll_t
xfs_dm_session_poll(struct file *file, struct poll_table_struct *wait)
{
	struct xfs_dm_session_file *sf = file->private_data;
	struct xfs_dm_session	*s = sf->sf_session;
	__poll_t		mask = 0;

	poll_wait(file, &s->s_poll, wait);

	spin_lock(&s->s_lock);
	if (!xfs_dm_session_is(s, sf->sf_sid))
		mask = EPOLLERR | EPOLLHUP;
	else if (xfs_dm_queue_first(s, xfs_dm_file_worker(sf)))
		mask = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&s->s_lock);
	return mask;
}

/* The last reference has gone; nothing is held. */
static int
xfs_dm_session_release(struct inode *inode, struct file *file)
{
	struct xfs_dm_session_file *sf = file->private_data;

	if (sf->sf_flags & DMAPI_FD_ENDS)
		xfs_dm_session_end_bound(sf->sf_session, sf->sf_sid);
	xfs_dm_session_put(sf->sf_session);
	kfree(sf);
	return 0;
}

static void
xfs_dm_session_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct xfs_dm_session_file *sf = file->private_data;
	unsigned int		i;

	seq_printf(m, "dmapi-session:\t%d\n", sf->sf_sid);
	seq_printf(m, "dmapi-flags:\t%x\n", sf->sf_flags);
	for (i = 0; i < sf->sf_worker.w_nfs; i++)
		seq_printf(m, "dmapi-fs:\t%016llx\n", sf->sf_worker.w_fsid[i]);
}

/* The open file pins the module, and so the code that drops the session. */
static const struct file_operations xfs_dm_session_fops = {
	.owner		= THIS_MODULE,
	.poll		= xfs_dm_session_poll,
	.release	= xfs_dm_session_release,
	.show_fdinfo	= xfs_dm_session_show_fdinfo,
};

/**
 * xfs_dm_descriptor_get() - find the session of a call by a descriptor
 * @call: gets the id in place of what the caller gave, and the limits
 * @fd: the descriptor
 *
 * The file stays open while the call runs; who made the call drops it.
 *
 * Return: 0; -EINVAL if it is not a session's.  What the id is worth by now is
 * not known.
 */
int
xfs_dm_descriptor_get(struct xfs_dm_call *call, int fd)
{
	struct xfs_dm_session_file *sf;
	struct file		*file = fget(fd);

	if (!file)
		return -EINVAL;
	if (file->f_op != &xfs_dm_session_fops) {
		fput(file);
		return -EINVAL;
	}
	sf = file->private_data;
	call->file = file;
	call->worker = xfs_dm_file_worker(sf);
	call->arg.obj.sid = sf->sf_sid;
	return 0;
}

/* A worker's file systems: they have to be mounted, so that they exist. */
static int
xfs_dm_worker_read(struct xfs_dm_worker *worker, __u64 uptr)
{
	struct xfs_dm_fs	*fs;
	unsigned int		i;

	if (copy_from_user(worker->w_fsid, u64_to_user_ptr(uptr),
			   worker->w_nfs * sizeof(worker->w_fsid[0])))
		return -EFAULT;
	for (i = 0; i < worker->w_nfs; i++) {
		fs = xfs_dm_fs_get(worker->w_fsid[i]);
		if (!fs)
			return -EBADF;
		xfs_dm_fs_put(fs);
	}
	return 0;
}

/* The session ends with a descriptor, from here on. */
static int
xfs_dm_session_bind(struct xfs_dm_session_file *sf)
{
	struct xfs_dm_session	*s = sf->sf_session;
	int			error = -EINVAL;

	spin_lock(&s->s_lock);
	if (xfs_dm_session_is(s, sf->sf_sid)) {
		s->s_bound = true;
		sf->sf_flags |= DMAPI_FD_ENDS;
		error = 0;
	}
	spin_unlock(&s->s_lock);
	return error;
}

/* DMAPI_SESSION_FD */
static long
xfs_dm_session_fd(struct xfs_dm_call *call)
{
	const struct dmapi_session_fd *arg = (void *)call->arg.bytes;
	struct xfs_dm_session_file *sf;
	struct file		*file;
	int			error, fd;

	static_assert(sizeof(sf->sf_worker.w_fsid[0]) == DMAPI_FSHANDLE_LEN);

	if ((arg->flags & ~XFS_DM_FD_FLAGS) || arg->pad)
		return -EINVAL;
	if (arg->flags & DMAPI_FD_WORKER) {
		if (!arg->nfs || arg->nfs > DMAPI_MAX_WORKER_FS)
			return -EINVAL;
	} else if (arg->nfs || arg->fsp) {
		return -EINVAL;
	}

	sf = kzalloc(struct_size(sf, sf_worker.w_fsid, arg->nfs),
		     GFP_KERNEL_ACCOUNT);
	if (!sf)
		return -ENOMEM;
	sf->sf_worker.w_nfs = arg->nfs;
	sf->sf_flags = arg->flags & DMAPI_FD_WORKER;
	sf->sf_sid = arg->sid;
	xfs_dm_session_hold(call->s);
	sf->sf_session = call->s;
	error = xfs_dm_worker_read(&sf->sf_worker, arg->fsp);
	if (error)
		goto out_free;

	fd = get_unused_fd_flags(O_CLOEXEC);
	error = fd;
	if (fd < 0)
		goto out_free;
	file = anon_inode_getfile("[dmapi]", &xfs_dm_session_fops, sf,
				  O_RDONLY);
	error = PTR_ERR(file);
	if (IS_ERR(file))
		goto out_fd;

	/* Nothing can fail any more that would end the session. */
	if (arg->flags & DMAPI_FD_ENDS) {
		error = xfs_dm_session_bind(sf);
		if (error) {
			put_unused_fd(fd);
			fput(file);
			return error;
		}
	}
	/* An id that dies from here on is reported by poll. */
	fd_install(fd, file);
	return fd;

out_fd:
	put_unused_fd(fd);
out_free:
	xfs_dm_session_put(sf->sf_session);
	kfree(sf);
	return error;
}

const struct xfs_dm_op xfs_dm_descriptor_ops[] = {
	{
		.number	= DMAPI_SESSION_FD,
		.size	= sizeof(struct dmapi_session),
		.grown	= sizeof(struct dmapi_session_fd),
		.needs	= XFS_DM_OP_SESSION,
		.call	= xfs_dm_session_fd,
	},
	{ }
};
