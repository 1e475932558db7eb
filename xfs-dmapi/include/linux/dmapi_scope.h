/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations that unwind, wait for a manager of storage, and go again
 *
 * A file system finds out under its locks that an operation needs an answer
 * from a data management application.  It cannot wait there.  So whoever began
 * the operation opens a scope around it, with nothing held; the file system
 * notes in the scope what it wants and fails with -EAGAIN; all locks, freeze
 * protection and references go the way they go for any error; the scope waits
 * and the operation begins again.  What was answered is kept in the scope, and
 * admits this operation.
 *
 *	ret = dmapi_retry(dmapi_watches(file_inode(file)),
 *			  vfs_write(file, buf, count, &pos));
 *
 * or, with dmapi_scope_begin() and dmapi_scope_again(), around several lines.
 * They must be repeatable: after -EAGAIN nothing of them has happened.
 * Where nobody opened a scope, nothing is noted, and what the operation gets
 * is for the file system to say.  A scope inside another's expression is none,
 * since its caller may hold locks: the outer one waits.
 */
#ifndef _LINUX_DMAPI_SCOPE_H
#define _LINUX_DMAPI_SCOPE_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jump_label.h>
#include <linux/list_bl.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uio.h>

#ifdef CONFIG_DMAPI

/*
 * In s_iflags: operations may have to wait for a manager.  It is not beside the
 * others, so that a kernel that carries this patch need not be rebuilt as a
 * whole, and far from them, since they grow upwards.
 */
#define SB_I_DMAPI		0x40000000

/* How many answers a scope remembers: two for each of two files. */
#define DMAPI_SCOPE_TICKETS	4

/* After so many answers an operation must do with what it has. */
#define DMAPI_SCOPE_ROUNDS	64

/**
 * struct dmapi_want - an event that an operation needs
 * @inode: the object; a pointer to compare, together with @igen
 * @igen: its generation
 * @event: DMAPI_EVENT_*
 * @off: as the event has it
 * @len: as the event has it
 * @state: the object's state by which the file system decided, for its own use
 * @who: whose operation it is, if not @inode's, for the file system's own use
 * @who_gen: its generation
 * @must: the operation cannot go on without an answer
 * @nodelay: nor can it wait for long
 * @deadly: only a deadly signal ends the wait
 * @once: an answer is good for one operation
 * @passing: nobody is asked, and nothing is remembered
 * @data: what else the event carries, for kfree(), or NULL; whoever takes the
 *	want over takes this over
 * @data_len: bytes of that
 */
struct dmapi_want {
	const struct inode	*inode;
	u32			igen;
	u32			event;
	u64			off;
	u64			len;
	u64			state;
	u64			who;
	u32			who_gen;
	bool			must;
	bool			nodelay;
	bool			deadly;
	bool			once;
	bool			passing;	/* @xfs-dm-rights */
	void			*data;
	u32			data_len;
};

/**
 * struct dmapi_after - something to be said when the operation is over
 * @end: how; @answered: whatever it wanted was answered, and let it go on; @ret:
 *	what it came to.  Frees this.  Nothing is held.
 */
struct dmapi_after {
	void			(*end)(struct dmapi_after *after, bool answered,
				       long ret);
};

/* Does [off, off + len) hold all of [off2, off2 + len2)? */
static inline bool dmapi_covers(u64 off, u64 len, u64 off2, u64 len2)
{
	return off <= off2 && off2 - off <= len && len2 <= len - (off2 - off);
}

/* Was what @had asks for what @want asks for, or more? */
static inline bool dmapi_want_covers(const struct dmapi_want *had,
				     const struct dmapi_want *want)
{
	return had->inode == want->inode && had->igen == want->igen &&
	       had->event == want->event &&
	       dmapi_covers(had->off, had->len, want->off, want->len);
}

enum dmapi_scope_state {
	DMAPI_SCOPE_NONE = 0,	/* there is none, or not any more */
	DMAPI_SCOPE_OPEN,
	DMAPI_SCOPE_FAILED,	/* closed; a wait ended with an error */
};

/**
 * struct dmapi_scope - an operation, on the stack of the task that runs it
 * @node: in the table of open scopes, while the operation runs
 * @task: whose it is
 * @inode: referenced while @want is to be waited for, else NULL
 * @wait: how; called with nothing held; 0, or the operation's error
 * @want: the event
 * @had: what was answered, newest first
 * @nhad: number of answers that ever were
 * @after: for the end of the operation, or NULL
 * @error: the operation's error, if @state says so
 * @limited: a lack of space is the caller's matter, in this pass
 * @stacked: the operation is carried out by another file system on top of this
 *	one, in steps and under names of its own
 * @stepped: it has done such a step, in this pass
 * @repeats: each pass takes up the user's memory anew, so that a fault on it
 *	may end one
 * @faulted: @want comes from such a fault, in this pass
 * @state: whether anything else here means anything
 */
struct dmapi_scope {
	struct hlist_bl_node	node;
	struct task_struct	*task;
	struct inode		*inode;
	int			(*wait)(struct inode *inode,
					const struct dmapi_want *want);
	struct dmapi_want	want;
	struct dmapi_want	had[DMAPI_SCOPE_TICKETS];
	unsigned int		nhad;
	struct dmapi_after	*after;
	int			error;
	bool			limited;
	bool			stacked;
	bool			stepped;
	bool			repeats;
	bool			faulted;
	enum dmapi_scope_state	state;
};

/* Some mounted file system has a manager. */
DECLARE_STATIC_KEY_FALSE(dmapi_managed_key);
/* Some has one that brings mapped data back when it is touched. */
DECLARE_STATIC_KEY_FALSE(dmapi_lazy_key);
/* Some has, or had, one that wants to hear of every object's first open. */
extern bool dmapi_opens_wait;

bool __dmapi_scope_open(struct dmapi_scope *scope);
bool __dmapi_scope_again(struct dmapi_scope *scope, long ret);
struct dmapi_scope *dmapi_scope_find(void);
bool dmapi_scope_settled(const struct dmapi_scope *scope,
			 const struct dmapi_want *want);
int dmapi_scope_want(struct dmapi_scope *scope, struct inode *inode,
		     const struct dmapi_want *want,
		     int (*wait)(struct inode *inode,
				 const struct dmapi_want *want));
bool dmapi_scope_want_fault(struct inode *inode, const struct dmapi_want *want,
			    int (*wait)(struct inode *inode,
					const struct dmapi_want *want));

/*
 * Is this a file server's thread, or its like?  It has clients who can come
 * back.  Workers of a workqueue, a loop device's for example, have nobody.
 */
static inline bool dmapi_is_server(void)
{
	return (current->flags & (PF_KTHREAD | PF_WQ_WORKER)) == PF_KTHREAD;
}

/* Could an operation on this inode need an answer? */
static inline bool dmapi_watches(const struct inode *inode)
{
	return static_branch_unlikely(&dmapi_managed_key) &&
	       ((inode->i_sb->s_iflags & SB_I_DMAPI) ||
		inode->i_sb->s_stack_depth);
}

/*
 * Could the user's memory be the mapping of a file that is somewhere else?  Of
 * files, disks and pipes it is known that an operation which could not copy
 * anything has done nothing.
 */
static inline bool dmapi_watches_memory(const struct inode *inode)
{
	return static_branch_unlikely(&dmapi_lazy_key) &&
	       (S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode) ||
		S_ISFIFO(inode->i_mode));
}

/* Either of the two; a device that has its node there is none of them. */
static inline bool dmapi_watches_write(const struct inode *inode)
{
	return (S_ISREG(inode->i_mode) && dmapi_watches(inode)) ||
	       dmapi_watches_memory(inode);
}

/* Could an operation on some path? */
static inline bool dmapi_watches_paths(void)
{
	return static_branch_unlikely(&dmapi_managed_key);
}

/*
 * An open may create or truncate, or make a stacked file system copy the file.
 * It does not know yet where the file is.
 */
static inline bool dmapi_watches_open(int flags)
{
	return dmapi_watches_paths() &&
	       ((flags & (O_CREAT | O_TRUNC)) ||
		(flags & O_ACCMODE) != O_RDONLY ||
		READ_ONCE(dmapi_opens_wait));
}

/* Open a scope around what follows, if @watches. */
static inline void dmapi_scope_begin(struct dmapi_scope *scope, bool watches)
{
	scope->state = DMAPI_SCOPE_NONE;
	if (unlikely(watches) && __dmapi_scope_open(scope))
		scope->state = DMAPI_SCOPE_OPEN;
}

/* The same for what takes up the user's memory anew in each pass. */
static inline void dmapi_scope_begin_rw(struct dmapi_scope *scope, bool watches)
{
	dmapi_scope_begin(scope, watches);
	if (unlikely(scope->state == DMAPI_SCOPE_OPEN))
		scope->repeats = true;
}

/* Does a pass that ended with @ret unwind, to wait? */
static inline bool dmapi_scope_unwinds(const struct dmapi_scope *scope,
				       long ret)
{
	return scope->inode &&
	       (ret == -EAGAIN || (ret == -EFAULT && scope->faulted));
}

/* Is the operation about to wait?  For what has to be undone by hand. */
static inline bool dmapi_scope_wants(const struct dmapi_scope *scope, long ret)
{
	return unlikely(scope->state == DMAPI_SCOPE_OPEN) &&
	       dmapi_scope_unwinds(scope, ret);
}

/*
 * For code to which -EAGAIN means something else: does this task's operation
 * unwind, to wait?
 */
bool __dmapi_unwinds(void);
static inline bool dmapi_unwinds(void)
{
	return static_branch_unlikely(&dmapi_managed_key) && __dmapi_unwinds();
}

/*
 * Nothing held: true if it has waited, and the operation that returned @ret is
 * to be done again.  Otherwise the scope is closed.
 */
static inline bool dmapi_scope_again(struct dmapi_scope *scope, long ret)
{
	return unlikely(scope->state == DMAPI_SCOPE_OPEN) &&
	       __dmapi_scope_again(scope, ret);
}

/* What the operation that returned @ret comes to. */
static inline long dmapi_scope_result(const struct dmapi_scope *scope, long ret)
{
	if (unlikely(scope->state == DMAPI_SCOPE_FAILED))
		return scope->error;
	return ret;
}

/*
 * For a file system on top of others that is about to change one of them: what
 * it makes there may have another name in each pass, and what it made is taken
 * away when a pass unwinds.
 */
void __dmapi_scope_stacked(void);
static inline void dmapi_scope_stacked(void)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		__dmapi_scope_stacked();
}

int __dmapi_prefault(const struct file *file, const loff_t *pos,
		     const struct iov_iter *iter);

/*
 * A read or write of @file at @pos (or NULL) is about to begin; nothing is held
 * but freeze protection.
 * The operation is to unwind if part of the user's memory is somewhere else,
 * rather than come to an end there.
 *
 * Return: 0 or -EFAULT.
 */
static inline int dmapi_prefault(const struct file *file, const loff_t *pos,
				 const struct iov_iter *iter)
{
	if (static_branch_unlikely(&dmapi_lazy_key))
		return __dmapi_prefault(file, pos, iter);
	return 0;
}

bool __dmapi_memory_is_away(const struct file *file, const loff_t *pos,
			    const struct iov_iter *iter);

/*
 * For somebody who leaves waiting to others, and opens no scope: is part of the
 * user's memory somewhere else?  What is no memory at all is here.
 */
static inline bool dmapi_memory_is_away(const struct file *file,
					const loff_t *pos,
					const struct iov_iter *iter)
{
	return dmapi_watches_memory(file_inode(file)) &&
	       __dmapi_memory_is_away(file, pos, iter);
}

static inline int dmapi_prefault_buf(const struct file *file, const loff_t *pos,
				     int rw, void __user *buf, size_t len)
{
	struct iov_iter iter;

	if (static_branch_unlikely(&dmapi_lazy_key) &&
	    !import_ubuf(rw, buf, len, &iter))
		return __dmapi_prefault(file, pos, &iter);
	return 0;
}

int __dmapi_mmap_begin(struct file *file, unsigned long prot,
		       unsigned long flags, pgoff_t pgoff, size_t len,
		       struct inode **pinned);
void __dmapi_mmap_end(struct inode *pinned);

/*
 * A mapping is about to be made, nothing is held: this may wait.  It cannot be
 * left to the file system's method, since mmap() has taken away what was mapped
 * there by then.  The range stays as it is until dmapi_mmap_end(), which is
 * called after an error, too.
 */
static inline int dmapi_mmap_begin(struct file *file, unsigned long prot,
				   unsigned long flags, pgoff_t pgoff,
				   size_t len, struct inode **pinned)
{
	*pinned = NULL;
	if (file && dmapi_watches(file_inode(file)))
		return __dmapi_mmap_begin(file, prot, flags, pgoff, len,
					  pinned);
	return 0;
}

int __dmapi_mremap_begin(unsigned long addr, unsigned long new_len,
			 struct inode **pinned);

/* The same for a mapping that may become longer. */
static inline int dmapi_mremap_begin(unsigned long addr, unsigned long old_len,
				     unsigned long new_len,
				     struct inode **pinned)
{
	*pinned = NULL;
	if (static_branch_unlikely(&dmapi_managed_key) && new_len > old_len)
		return __dmapi_mremap_begin(addr, new_len, pinned);
	return 0;
}

static inline void dmapi_mmap_end(struct inode *pinned)
{
	if (pinned)
		__dmapi_mmap_end(pinned);
}

/* @xfs-dm-mounting { */
int __dmapi_attach_begin(struct super_block *sb, const struct path *where,
			 bool beneath);
void __dmapi_attach_end(struct super_block *sb, int error);
int __dmapi_detach_begin(struct vfsmount *mnt, int flags, bool *last);
void __dmapi_detach_end(struct super_block *sb, int flags, int error);

static inline bool dmapi_watches_mount(const struct super_block *sb)
{
	return static_branch_unlikely(&dmapi_managed_key) &&
	       (sb->s_iflags & SB_I_DMAPI);
}

/*
 * A mount is about to be attached at @where, @beneath what is mounted there, or
 * as the root of a namespace if that is NULL.  Nothing is held: this may wait.
 * If it returns 0 dmapi_attach_end() tells how it ended, while the superblock is
 * still there.
 */
static inline int dmapi_attach_begin(struct super_block *sb,
				     const struct path *where, bool beneath)
{
	if (dmapi_watches_mount(sb))
		return __dmapi_attach_begin(sb, where, beneath);
	return 0;
}

/* The same where somebody else could want a mutex meanwhile. */
static inline int dmapi_attach_begin_unlocked(struct super_block *sb,
					      struct mutex *mutex)
{
	int error = 0;

	if (dmapi_watches_mount(sb)) {
		mutex_unlock(mutex);
		error = __dmapi_attach_begin(sb, NULL, false);
		mutex_lock(mutex);
	}
	return error;
}

/* Returns @error. */
static inline int dmapi_attach_end(struct super_block *sb, int error)
{
	if (dmapi_watches_mount(sb))
		__dmapi_attach_end(sb, error);
	return error;
}

/*
 * A mount is about to be unmounted.  Nothing is held: this may wait.  If it
 * returns 0 dmapi_detach_end() tells how it ended.
 */
static inline int dmapi_detach_begin(struct vfsmount *mnt, int flags,
				     bool *last)
{
	*last = false;
	if (dmapi_watches_mount(mnt->mnt_sb))
		return __dmapi_detach_begin(mnt, flags, last);
	return 0;
}

static inline void dmapi_detach_end(struct super_block *sb, int flags,
				    bool last, int error)
{
	if (last)
		__dmapi_detach_end(sb, flags, error);
}

/* } @xfs-dm-mounting */
#else /* !CONFIG_DMAPI */

struct dmapi_scope {
};

static inline bool dmapi_watches(const struct inode *inode)
{
	return false;
}

static inline bool dmapi_watches_memory(const struct inode *inode)
{
	return false;
}

static inline bool dmapi_watches_write(const struct inode *inode)
{
	return false;
}

static inline bool dmapi_watches_paths(void)
{
	return false;
}

static inline bool dmapi_watches_open(int flags)
{
	return false;
}

static inline void dmapi_scope_begin(struct dmapi_scope *scope, bool watches)
{
}

static inline void dmapi_scope_begin_rw(struct dmapi_scope *scope, bool watches)
{
}

static inline bool dmapi_scope_wants(const struct dmapi_scope *scope, long ret)
{
	return false;
}

static inline bool dmapi_unwinds(void)
{
	return false;
}

static inline bool dmapi_scope_again(struct dmapi_scope *scope, long ret)
{
	return false;
}

static inline long dmapi_scope_result(const struct dmapi_scope *scope, long ret)
{
	return ret;
}

static inline void dmapi_scope_stacked(void)
{
}

static inline int dmapi_prefault(const struct file *file, const loff_t *pos,
				 const struct iov_iter *iter)
{
	return 0;
}

static inline bool dmapi_memory_is_away(const struct file *file,
					const loff_t *pos,
					const struct iov_iter *iter)
{
	return false;
}

static inline int dmapi_prefault_buf(const struct file *file, const loff_t *pos,
				     int rw, void __user *buf, size_t len)
{
	return 0;
}

static inline int dmapi_mmap_begin(struct file *file, unsigned long prot,
				   unsigned long flags, pgoff_t pgoff,
				   size_t len, struct inode **pinned)
{
	*pinned = NULL;
	return 0;
}

static inline int dmapi_mremap_begin(unsigned long addr, unsigned long old_len,
				     unsigned long new_len,
				     struct inode **pinned)
{
	*pinned = NULL;
	return 0;
}

static inline void dmapi_mmap_end(struct inode *pinned)
{
}

/* @xfs-dm-mounting { */
static inline int dmapi_attach_begin(struct super_block *sb,
				     const struct path *where, bool beneath)
{
	return 0;
}

static inline int dmapi_attach_begin_unlocked(struct super_block *sb,
					      struct mutex *mutex)
{
	return 0;
}

static inline int dmapi_attach_end(struct super_block *sb, int error)
{
	return error;
}

static inline int dmapi_detach_begin(struct vfsmount *mnt, int flags,
				     bool *last)
{
	*last = false;
	return 0;
}

static inline void dmapi_detach_end(struct super_block *sb, int flags,
				    bool last, int error)
{
}

/* } @xfs-dm-mounting */
#endif /* CONFIG_DMAPI */

/* The same for an operation that returns a file. */
static inline struct file *dmapi_scope_file(const struct dmapi_scope *scope,
					    struct file *file)
{
	long error = dmapi_scope_result(scope, 0);

	return error ? ERR_PTR(error) : file;
}

/* For an operation that is one call. */
#ifdef CONFIG_DMAPI
#define __dmapi_retry(begin, watches, expr)				\
({									\
	struct dmapi_scope __scope;					\
	typeof(expr) __ret;						\
									\
	begin(&__scope, watches);					\
	do {								\
		__ret = (expr);						\
	} while (dmapi_scope_again(&__scope, __ret));			\
	(typeof(expr))dmapi_scope_result(&__scope, __ret);		\
})
#define dmapi_retry(watches, expr)					\
	__dmapi_retry(dmapi_scope_begin, watches, expr)
/* For one that takes up the user's memory anew in each pass. */
#define dmapi_retry_rw(watches, expr)					\
	__dmapi_retry(dmapi_scope_begin_rw, watches, expr)
/* A read or write, if the user's memory is there. */
#define dmapi_prefaulted(file, pos, iter, expr)				\
({									\
	int __error = dmapi_prefault(file, pos, iter);			\
									\
	__error ? __error : (expr);					\
})
#else
#define dmapi_retry(watches, expr)	((void)sizeof(watches), (expr))
#define dmapi_retry_rw(watches, expr)	((void)sizeof(watches), (expr))
#define dmapi_prefaulted(file, pos, iter, expr)				\
	((void)sizeof(file), (void)sizeof(pos), (void)sizeof(iter), (expr))
#endif

#endif /* _LINUX_DMAPI_SCOPE_H */
