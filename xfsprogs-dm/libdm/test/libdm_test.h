/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of libdm share
 */
#ifndef LIBDM_TEST_H
#define LIBDM_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dmapi.h"
#include "dmapi_ext.h"
#include "libdm.h"

extern bool test_failed;

#define CHECK(cond)							\
	do {								\
		if (!(cond)) {						\
			printf("# %s:%d: %s (errno %d)\n", __FILE__,	\
				__LINE__, #cond, errno);		\
			test_failed = true;				\
		}							\
	} while (0)

/* @expr is -1 with this errno */
#define CHECK_FAILS(expr, error)					\
	do {								\
		errno = 0;						\
		CHECK((expr) == -1 && errno == (error));		\
	} while (0)

/* The system call: what it was given last, and what it shall answer */
struct fake_kernel {
	long		version;	/* what GET_VERSION returns */
	int		error;		/* fail with this, unless 0 */
	unsigned long	unknown;	/* an operation that it does not know */
	long		ret;		/* or return this */
	unsigned long	op, size, flags;
	int		calls;
	unsigned char	arg[256];
	void		(*act)(void);
	bool		no_vm;		/* process_vm_readv() is refused */
};
extern struct fake_kernel kernel;

/* The last call was this one, with this structure, and there was just one. */
bool	called(unsigned long op, const void *arg, size_t size);

/* Writes a file of the test's "sysfs"; NULL removes it. */
void	sysfs(const char *name, const char *text);

/* Pointers that cannot be used, and a page that cannot be written */
#define N_BAD	5
void	make_bad_memory(void);
void	*bad_ptr(int i);
extern char *rdonly;

void	test_before_init(void);
void	test_init_service(void);
void	test_older_kernel(void);
void	test_sessions(void);
void	test_events(void);
void	test_eventlists(void);
void	test_config(void);
void	test_file(void);
void	test_rights(void);
void	test_dmattr(void);
void	test_fileattr(void);
void	test_kernel_handles(void);
void	test_make_handle(void);
void	test_take_handle(void);
void	test_compare_handle(void);

#endif /* LIBDM_TEST_H */
