/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shutdown.h - the file system shuts down in the midst of something
 *
 * On the device DM_DEV2, mounted on MNT, which the program defines: ways to shut
 * down, a thread that does it at a moment by chance, and what the kernel's log
 * and xfs_repair say afterwards.
 */
#ifndef SHUTDOWN_H
#define SHUTDOWN_H

#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop_dm.h"

#define GOINGDOWN	_IOR('X', 125, uint32_t)

static const char *dev;
static uint64_t seed;
static int32_t sid;
/* Can errors be injected? */
static bool have_errors;

enum how { LOGFLUSH, NOLOGFLUSH, FREEZE, ERROR, ERROR_WSYNC, HOWS };

static const char *const how_names[HOWS] = {
	[LOGFLUSH] = "shutdown, log flushed",
	[NOLOGFLUSH] = "shutdown, log not flushed",
	[FREEZE] = "shutdown after a freeze",
	[ERROR] = "injected error",
	[ERROR_WSYNC] = "injected error, wsync",
};

static const uint32_t how_flags[HOWS] = {
	[LOGFLUSH] = 1, [NOLOGFLUSH] = 2, [FREEZE] = 0,
};

/* --- The kernel's log: the errors are expected, others are not ------------- */

static int kmsg = -1;
static unsigned int klog_bad;

static inline void judge_klog(void)
{
	static const char *const words[] = {
		"BUG", "WARNING:", "Assertion failed", "circular locking",
		"inconsistent lock", "lock held when", "KASAN:", "UBSAN:",
		"Oops", "Metadata corruption", "Metadata CRC", "DMAPI record",
		"blocked for more", "recovery failed", "refcount_t",
		"Busy inodes",
	};
	char line[8192];
	ssize_t n;

	for (;;) {
		n = read(kmsg, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return;
		line[n] = '\0';
		/* UML's own, with and without anything of ours */
		if (strstr(line, "offline CPU") || strstr(line, "to_irq_stack"))
			continue;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strstr(line, words[i])) {
				klog_bad++;
				printf("# kernel: %.200s\n", line);
				break;
			}
	}
}

/* --- Mounts ------------------------------------------------------------------ */

static inline bool write_file(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, s, strlen(s)) == (ssize_t)strlen(s);

	if (fd >= 0)
		close(fd);
	return ok;
}

static inline const char *sysfs(const char *what)
{
	static char path[256];

	snprintf(path, sizeof(path), "/sys/fs/xfs/%s/%s", strrchr(dev, '/') + 1,
		 what);
	return path;
}

static inline void mount_it(const char *opts)
{
	if (mount(dev, MNT, "xfs", 0, opts))
		loop_die("mount -o %s", opts);
	/* Armed and there: go on.  Offline: EIO. */
	if (strstr(opts, "dmapi") &&
	    !write_file(sysfs("dmapi/data_policy"), "continue"))
		loop_die("policy");
}

static inline void umount_it(void)
{
	for (int i = 0; i < 100; i++) {
		if (!umount(MNT))
			return;
		usleep(10000);
	}
	loop_die("umount");
}

/* --- The one who shuts down --------------------------------------------------- */

struct killer {
	int		fd;
	uint32_t	flags;
	double		at;
	_Atomic bool	go;
};

static inline void *killer(void *arg)
{
	struct killer *k = arg;

	while (!k->go)
		sched_yield();
	while (loop_now() < k->at) {
		double left = k->at - loop_now();

		if (left > 0.0003)
			usleep((useconds_t)(left * 5e5));
		else
			sched_yield();
	}
	ioctl(k->fd, GOINGDOWN, &k->flags);
	return NULL;
}

static _Atomic bool noise_stop;

/* Brings the log to the device at moments by chance. */
static inline void *noise(void *arg)
{
	int fd = *(int *)arg;

	while (!noise_stop && !syncfs(fd))
		usleep(50);
	return NULL;
}

/*
 * xfs_repair is clean but for attributes that were being added: XFS leaves
 * them behind marked INCOMPLETE, where nothing but xfs_repair sees them.
 */
static inline bool repair_clean(void)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd),
		 "xfs_repair -n %s > /run/repair 2>&1; rc=$?; [ $rc = 0 ] || "
		 "{ grep -E 'INCOMPLETE|problem with attribute|would clear attr|bad attr|would (have|junk|reset|correct)|found|mismatch' "
		 "/run/repair | head -n 12 | sed 's/^/# repair: /'; }; "
		 "[ $rc = 0 ] || grep -q INCOMPLETE /run/repair", dev);
	fflush(stdout);
	return !system(cmd);
}

/*
 * What every such test begins with: its environment, a file system with
 * @feature (NULL: as it comes) and a session called @name.  The exit status, if
 * it cannot run.
 */
static inline int begin(const char *name, const char *feature, double *seconds)
{
	const char *s = getenv("LOOP_SECONDS");
	char cmd[256];

	*seconds = s ? atof(s) : 12;
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = getenv("DM_DEV2");
	s = getenv("LOOP_SEED");
	seed = s ? strtoull(s, NULL, 0) : (uint64_t)time(NULL);
	printf("TAP version 13\n");
	if (!dev || !strrchr(dev, '/')) {
		printf("1..0 # SKIP DM_DEV2 is not set\n");
		return 4;
	}
	printf("# LOOP_SEED=%llu LOOP_SECONDS=%g\n", (unsigned long long)seed,
	       *seconds);
	mkdir(MNT, 0700);
	snprintf(cmd, sizeof(cmd), "mkfs.xfs -q -K -f %s%s%s %s", dev,
		 feature ? " && sb_feature " : "", feature ? dev : "",
		 feature ? feature : "");
	if (system(cmd))
		loop_die("mkfs");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		loop_die("/dev/kmsg");
	sid = loop_session(name);
	mount_it("dmapi");
	have_errors = !access(sysfs("errortag/larp"), W_OK);
	umount_it();
	return 0;
}

/*
 * Run a test.  Injected errors are reported as corruption.  The console, which
 * others judge, stays quiet meanwhile, however this ends; judge_klog() looks.
 */
static inline int quietly(int (*test)(void))
{
	int status = 0;
	pid_t pid;

	klogctl(8, NULL, 1);
	pid = fork();
	if (!pid)
		exit(test());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = 1;
	klogctl(8, NULL, 7);
	if (WIFSIGNALED(status))
		printf("Bail out! signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

#endif /* SHUTDOWN_H */
