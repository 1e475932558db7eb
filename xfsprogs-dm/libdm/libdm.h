/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libdm.h - how the library reaches the kernel
 *
 * A function of the interface fills the structure of its operation and makes
 * one system call.  The kernel checks every pointer in there and stores every
 * result; the library looks at nothing.
 */
#ifndef LIBDM_H
#define LIBDM_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>
#include <linux/dmapi.h>
#include "dmapi.h"

/* The number of the system call; -1 until dm_init_service() found it */
extern _Atomic int libdm_syscall_nr __attribute__((visibility("hidden")));
/* And what it said of its version */
extern _Atomic int libdm_kernel_version __attribute__((visibility("hidden")));

/* After EINVAL: ENOSYS if the operation is what the kernel does not know */
void	libdm_refused(int nr, unsigned int op)
		__attribute__((visibility("hidden")));

/*
 * Copy through the kernel: EFAULT where an ordinary access would end the
 * process.  Source and target may be the same, which finds out whether a
 * result can be stored there and changes nothing.
 */
int	libdm_copy(void *to, const void *from, size_t len)
		__attribute__((visibility("hidden")));

static inline long dm_call(unsigned int op, void *arg, size_t size)
{
	int nr = atomic_load_explicit(&libdm_syscall_nr, memory_order_relaxed);
	long ret;

	if (nr < 0) {
		errno = ENOSYS;
		return -1;
	}
	ret = syscall(nr, (unsigned long)op, arg, size, 0UL);
	if (ret < 0 && errno == EINVAL)
		libdm_refused(nr, op);
	return ret;
}

/* A pointer as it travels in the structures */
static inline __u64 dm_ptr(const void *p)
{
	return (uintptr_t)p;
}

/*
 * A call that stores a length, which is 64 bits wide in the kernel and a
 * size_t in the prototype.  @field is where the pointer to it goes.
 */
static inline long dm_call_len(unsigned int op, void *arg, size_t size,
		__u64 *field, size_t *lenp)
{
#if SIZE_MAX == UINT64_MAX
	*field = dm_ptr(lenp);
	return dm_call(op, arg, size);
#else
	__u64 len;
	long ret;

	if (libdm_copy(lenp, lenp, sizeof(*lenp)))
		return -1;
	len = *lenp;
	*field = dm_ptr(&len);
	ret = dm_call(op, arg, size);
	*lenp = len;
	return ret;
#endif
}

static inline struct dmapi_object dm_object(dm_sessid_t sid, dm_token_t token,
		const void *hanp, size_t hlen)
{
	return (struct dmapi_object) {
		.sid = sid,
		.token = token,
		.hanp = dm_ptr(hanp),
		.hlen = hlen,
	};
}

#endif /* LIBDM_H */
