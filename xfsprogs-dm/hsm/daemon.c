// SPDX-License-Identifier: GPL-2.0-only
/*
 * daemon.c - xfs_hsm daemon: recalls data when somebody touches it
 *
 * The session outlives the daemon.  Whoever reads offline data while no daemon
 * runs waits; the next one
 *
 *  1. makes sure that no other daemon of its name works with the archive,
 *  2. finds the session by its info string and assumes it: from that moment
 *     the old id is dead, so a predecessor that is not quite gone cannot
 *     interfere,
 *  3. takes the dispositions of the file systems (again),
 *  4. does again what its predecessor had begun: the events that were
 *     delivered but not answered,
 *  5. goes on with those that were not delivered.
 *
 * A number of workers each take one event at a time, so one slow recall does
 * not hold up the others.  SIGTERM lets every worker finish the event it has.
 * The session stays behind on purpose: who waits then waits for the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "hsm.h"

/* A data event is far smaller; user messages may come as well. */
#define MESSAGE_ROOM	(4096 + 65536)

struct daemon {
	struct options	*o;
	dm_token_t	*tokens;	/* delivered to our predecessor */
	unsigned int	ntokens;
	_Atomic unsigned int next;	/* of those */
	_Atomic bool	stop;
	_Atomic bool	failed;
	_Atomic unsigned int running;
	struct tally	tally;
};

/* --- Being the only one ---------------------------------------------------- */

/* The descriptor is the lock; it stays open for ever. */
static int lock_name(struct options *o)
{
	char path[300], buf[32] = "";
	int fd, n;

	snprintf(path, sizeof(path), "daemon.%s.lock", o->name);
	fd = openat(o->archive.dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		complain("archive %s: %s: %m", o->archive.path, path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK) {
			if (read(fd, buf, sizeof(buf) - 1) < 0)
				buf[0] = '\0';
			buf[strcspn(buf, "\n")] = '\0';
			complain("another daemon named %s works with archive "
				 "%s: pid %s", o->name, o->archive.path, buf);
		} else {
			complain("archive %s: %s: %m", o->archive.path, path);
		}
		close(fd);
		return -1;
	}
	n = snprintf(buf, sizeof(buf), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || write(fd, buf, (size_t)n) != n)
		complain("archive %s: %s: %m", o->archive.path, path);
	return fd;
}

/* --- The session ------------------------------------------------------------ */

static int take_session(struct options *o)
{
	char info[DM_SESSION_INFO_LEN], old[DM_SESSION_INFO_LEN];
	dm_sessid_t *sids, found = DM_NO_SESSION;
	unsigned int n;
	char uuid[37];
	size_t len;

	uuid_string(uuid, o->archive.uuid);
	snprintf(info, sizeof(info), "xfs_hsm daemon %s archive %s", o->name,
		 uuid);
	if (session_list(&sids, &n) < 0) {
		complain("sessions: %m");
		return -1;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (dm_query_session(sids[i], sizeof(old), old, &len) < 0 ||
		    strcmp(old, info))
			continue;
		/* There should be one; an empty one more is no loss. */
		if (found != DM_NO_SESSION && dm_destroy_session(sids[i]) < 0)
			complain("session %d has our name as well: %m",
				 (int)sids[i]);
		else if (found == DM_NO_SESSION)
			found = sids[i];
	}
	free(sids);
	if (dm_create_session(found, info, &o->sid) < 0) {
		complain("cannot %s: %m", found ? "assume the old session" :
			 "create a session");
		return -1;
	}
	if (found)
		note("session %d assumed, it is %d now", (int)found,
		     (int)o->sid);
	else
		note("session %d created", (int)o->sid);
	return 0;
}

static int take_disposition(struct options *o, const char *mountpoint)
{
	dm_eventset_t set;
	void *hanp;
	size_t hlen;
	int ret;

	if (dm_path_to_fshandle((char *)mountpoint, &hanp, &hlen) < 0) {
		if (errno == ENXIO)
			complain("%s: not on a file system mounted with -o "
				 "dmapi", mountpoint);
		else
			complain("%s: %m", mountpoint);
		return -1;
	}
	DMEV_ZERO(set);
	DMEV_SET(DM_EVENT_READ, set);
	DMEV_SET(DM_EVENT_WRITE, set);
	DMEV_SET(DM_EVENT_TRUNCATE, set);
	ret = dm_set_disp(o->sid, hanp, hlen, DM_NO_TOKEN, &set, DM_EVENT_MAX);
	if (ret < 0)
		complain("%s: cannot have its events: %m", mountpoint);
	dm_handle_free(hanp, hlen);
	return ret;
}

static int take_tokens(struct daemon *d)
{
	unsigned int room = 64;

	for (;;) {
		dm_token_t *v = realloc(d->tokens, room * sizeof(*v));

		if (!v)
			break;
		d->tokens = v;
		if (!dm_getall_tokens(d->o->sid, room, v, &d->ntokens)) {
			if (d->ntokens)
				note("%u events were begun and not answered",
				     d->ntokens);
			return 0;
		}
		if (errno != E2BIG)
			break;
		room = d->ntokens + 64;
	}
	complain("tokens: %m");
	return -1;
}

/* --- Workers ----------------------------------------------------------------- */

static void redo(struct daemon *d, dm_token_t token, void *buf)
{
	struct event ev;
	size_t len = 0;

	if (dm_find_eventmsg(d->o->sid, token, MESSAGE_ROOM, buf, &len) < 0) {
		complain("token %d: %m", (int)token);
		return;
	}
	if (event_parse(buf, len, &ev))
		event_answer(d->o, &ev, &d->tally);
}

static void *worker(void *arg)
{
	struct daemon *d = arg;
	void *buf = malloc(MESSAGE_ROOM);
	struct event ev;
	unsigned int i;
	size_t len;

	if (!buf) {
		complain("worker: %m");
		d->failed = d->stop = true;
		goto out;
	}
	while (!d->stop && (i = d->next++) < d->ntokens)
		redo(d, d->tokens[i], buf);
	while (!d->stop) {
		len = 0;
		if (!dm_get_events(d->o->sid, 1, DM_EV_WAIT, MESSAGE_ROOM, buf,
				   &len)) {
			if (event_parse(buf, len, &ev))
				event_answer(d->o, &ev, &d->tally);
			continue;
		}
		if (errno == EINTR || errno == EAGAIN)
			continue;
		if (!d->stop) {
			if (errno == EINVAL)
				complain("session %d is gone: another daemon "
					 "has assumed it", (int)d->o->sid);
			else
				complain("events: %m");
			d->failed = d->stop = true;
		}
	}
out:
	free(buf);
	d->running--;
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

/*
 * Until a signal says stop or the workers gave up.  Who waits for an event is
 * woken by a signal of its own, again and again: it may just have looked at
 * d->stop and not wait yet.
 */
static void supervise(struct daemon *d, pthread_t *threads, unsigned int n,
		      const sigset_t *stopping)
{
	const struct timespec tick = { .tv_nsec = 50000000 };

	while (d->running) {
		int sig = sigtimedwait(stopping, NULL, &tick);

		if (sig > 0 && !d->stop) {
			note("%s: finishing what was begun", strsignal(sig));
			d->stop = true;
		}
		for (unsigned int i = 0; d->stop && i < n; i++)
			pthread_kill(threads[i], SIGUSR1);
	}
	for (unsigned int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static int run_workers(struct daemon *d)
{
	struct sigaction sa = { .sa_handler = nothing };
	pthread_t *threads = calloc(d->o->workers, sizeof(*threads));
	unsigned int n = 0;
	sigset_t stopping;

	if (!threads) {
		complain("%m");
		return -1;
	}
	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&stopping);
	sigaddset(&stopping, SIGINT);
	sigaddset(&stopping, SIGTERM);
	sigaddset(&stopping, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &stopping, NULL);
	while (n < d->o->workers) {
		d->running++;
		errno = pthread_create(&threads[n], NULL, worker, d);
		if (errno) {
			d->running--;
			complain("worker: %m");
			break;
		}
		n++;
	}
	supervise(d, threads, n, &stopping);
	free(threads);
	return d->failed || !n ? -1 : 0;
}

/* Written at once, so that nobody sees half of it. */
static int say_ready(struct options *o)
{
	char tmp[4096];
	FILE *f;

	if (!o->ready_file)
		return 0;
	snprintf(tmp, sizeof(tmp), "%s.tmp", o->ready_file);
	f = fopen(tmp, "we");
	if (!f || fprintf(f, "pid %ld\nsession %d\n", (long)getpid(),
			  (int)o->sid) < 0 || fclose(f) ||
	    rename(tmp, o->ready_file) < 0) {
		complain("%s: %m", o->ready_file);
		return -1;
	}
	return 0;
}

int daemon_run(struct options *o)
{
	struct daemon d = { .o = o };
	char *version, size[16];
	int lock, ret = -1;

	report_timestamps = true;
	if (dm_init_service(&version) < 0) {
		complain("%s", dmx_init_error());
		return -1;
	}
	lock = lock_name(o);
	if (lock < 0)
		return -1;
	if (take_session(o) < 0)
		goto out;
	for (int i = 0; i < o->nmounts; i++)
		if (take_disposition(o, o->mounts[i]) < 0)
			goto out;
	if (take_tokens(&d) < 0 || say_ready(o) < 0)
		goto out;
	note("ready, %u workers, archive %s", o->workers, o->archive.path);
	ret = run_workers(&d);
	if (o->ready_file)
		unlink(o->ready_file);
	note("%llu events answered, %llu refused, %s recalled; session %d "
	     "stays", (unsigned long long)d.tally.answered,
	     (unsigned long long)d.tally.refused,
	     human_size(size, d.tally.bytes), (int)o->sid);
out:
	free(d.tokens);
	close(lock);
	return ret;
}
