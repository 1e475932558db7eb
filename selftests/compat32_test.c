// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callers of 32 bits: every operation does for them what it does for others
 *
 * compat_work makes each call once, built for 64 bits and for 32, on the same
 * file.  What it says of the calls must be the same.  In no machine but x86's.
 */
#include "common.h"

#include <libgen.h>

#define G	DM_GRANULE
#define MANY	4000			/* lines of what is said */

FIXTURE(compat32) {
	DM_FIXTURE_FIELDS;
	struct dm_file f;
	char	*said[3][MANY];		/* twice of 64 bits, then of 32 */
	int	nr[3];
};

FIXTURE_SETUP(compat32)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "compat32", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", 8 * G));
}

DM_FIXTURE_TEARDOWN(compat32)

typedef FIXTURE_DATA(compat32) compat32;

/* Run the program; 0 if nothing failed in it. */
static int hear(compat32 *t, int bits, int which)
{
	char exe[PATH_MAX / 2] = "", cmd[PATH_MAX * 2], *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *f;
	int n = 0;

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return -1;
	snprintf(cmd, sizeof(cmd), "%s/compat_work%d %ld %s", dirname(exe), bits,
		 dmapi_nr(), t->dir);
	f = popen(cmd, "r");
	if (!f)
		return -1;
	while ((len = getline(&line, &size, f)) > 0 && n < MANY) {
		line[len - 1] = '\0';
		t->said[which][n++] = strdup(line);
	}
	t->nr[which] = n;
	free(line);
	return pclose(f);
}

/* Is this number one of an operation?  The size is looked at after it. */
static bool is_op(unsigned int op)
{
	return sys_dmapi(op, NULL, 1U << 20, 0) == -E2BIG;
}

TEST_F(compat32, every_operation)
{
	bool called[0x200] = { }, errors = false;
	unsigned int op, nops = 0;
	long ret;
	int i;

	/* What is made once and stays, the first run makes. */
	EXPECT_EQ(0, hear(self, 64, 0));
	EXPECT_EQ(0, hear(self, 64, 1));
	EXPECT_EQ(0, hear(self, 32, 2));
	EXPECT_LT(100, self->nr[2]);
	EXPECT_EQ(self->nr[1], self->nr[2]);
	for (i = 0; i < self->nr[2]; i++) {
		EXPECT_STREQ(self->said[1][i], self->said[2][i]);
		if (!strcmp(self->said[2][i], "errors")) {
			errors = true;
		} else if (!strcmp(self->said[2][i], "end of errors")) {
			errors = false;
		} else {
			ASSERT_EQ(2, sscanf(self->said[2][i], "%u %ld", &op, &ret));
			if (errors) {
				EXPECT_GE(0, ret);
			} else if (op < ARRAY_SIZE(called)) {
				called[op] = true;
			}
		}
	}
	/* All that there are */
	for (op = 0; op < ARRAY_SIZE(called); op++) {
		if (!is_op(op))
			continue;
		nops++;
		EXPECT_TRUE(called[op]) {
			TH_LOG("operation %u was not called", op);
		}
	}
	EXPECT_LT(60U, nops);
}

/* One call's entry of 32 bits, from a program that has more */
static long int80(unsigned long nr, unsigned long a, unsigned long b, unsigned long c,
		  unsigned long d)
{
#ifdef __x86_64__
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d)
		     : "r8", "r9", "r10", "r11", "memory");
	return (int)ret;
#else
	return -ENOSYS;
#endif
}

#define HIGH	(0xdeadbeefUL << 32)	/* to be cut off */

TEST_F(compat32, upper_halves)
{
	struct dmapi_session *arg;
	__s32 sid = 0;

	/* getpid() tells that the entry is there. */
	ASSERT_EQ(getpid(), int80(20, 0, 0, 0, 0));
	ASSERT_EQ(0, dmapi_create_session(0, "upper halves", &sid));
	arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	arg->sid = sid;
	EXPECT_EQ(DMAPI_VERSION, int80(dmapi_nr(), HIGH | DMAPI_GET_VERSION, HIGH, HIGH, HIGH));
	EXPECT_EQ(0, int80(dmapi_nr(), HIGH | DMAPI_DESTROY_SESSION, HIGH | (unsigned long)arg,
			   HIGH | sizeof(*arg), HIGH));
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(sid));
	/* The ordinary entry takes the whole of what is a pointer or a size. */
	ASSERT_EQ(0, dmapi_create_session(0, "upper halves", &arg->sid));
	EXPECT_EQ(-E2BIG, sys_dmapi(DMAPI_DESTROY_SESSION, arg, HIGH | sizeof(*arg), 0));
	EXPECT_EQ(-EFAULT, sys_dmapi(DMAPI_DESTROY_SESSION,
				     (void *)(HIGH | (unsigned long)arg), sizeof(*arg), 0));
	EXPECT_EQ(0, dmapi_destroy_session(arg->sid));
	munmap(arg, 4096);
}

/* x32: 64-bit registers, pointers of 32 bits.  The number is among the common ones. */
TEST_F(compat32, x32)
{
	const long x32 = 0x40000000;
	long ret = syscall(x32 + SYS_getpid);

	if (ret < 0 && errno == ENOSYS) {
		/* A kernel without has none of its calls. */
		EXPECT_EQ(-1, syscall(x32 + dmapi_nr(), DMAPI_GET_VERSION, NULL, 0UL, 0UL));
		EXPECT_EQ(ENOSYS, errno);
	} else {
		EXPECT_EQ(getpid(), ret);
		EXPECT_EQ(DMAPI_VERSION, syscall(x32 + dmapi_nr(), DMAPI_GET_VERSION, NULL,
						 0UL, 0UL));
	}
	/* The number that is read in sysfs does for such a program. */
	EXPECT_EQ(DMAPI_VERSION, dmapi_get_version());
}

TEST_HARNESS_MAIN
