// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - what people and programs are told
 *
 * Complaints and notes go to standard error, one line each, written at once so
 * that the lines of several workers do not mix.  The daemon's begin with the
 * time, those of commands with the program's name.  Progress is drawn on
 * standard error if that is a terminal and the work takes longer than a blink.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hsm.h"

bool report_timestamps;
volatile sig_atomic_t interrupted;

static bool drawn;	/* a line of progress is on the terminal */

static void say(const char *severity, const char *fmt, va_list ap)
{
	char line[2048];
	size_t n = 0;

	if (drawn) {
		n = (size_t)snprintf(line, sizeof(line), "\r\033[K");
		drawn = false;
	}
	if (report_timestamps) {
		struct timespec now;
		struct tm tm;

		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &tm);
		n += strftime(line + n, sizeof(line) - n, "%Y-%m-%dT%H:%M:%S",
			      &tm);
		n += (size_t)snprintf(line + n, sizeof(line) - n, ".%03ldZ %s",
				      now.tv_nsec / 1000000, severity);
	} else {
		n += (size_t)snprintf(line + n, sizeof(line) - n, "xfs_hsm: ");
	}
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	strcat(line, "\n");
	/* There is nobody left to tell if this fails. */
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

void complain(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	say("error ", fmt, ap);
	va_end(ap);
	errno = saved;
}

void note(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	say("info  ", fmt, ap);
	va_end(ap);
	errno = saved;
}

const char *human_size(char buf[16], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double x = (double)bytes;
	int u = -1;

	if (bytes < 1024) {
		snprintf(buf, 16, "%u B", (unsigned int)bytes);
		return buf;
	}
	while (x >= 1024 && u < (int)strlen(units) - 1) {
		x /= 1024;
		u++;
	}
	snprintf(buf, 16, x < 10 ? "%.1f %ciB" : "%.0f %ciB", x, units[u]);
	return buf;
}

/* Bytes that are no UTF-8 come out as they are: file names are bytes. */
void json_string(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static double seconds_between(const struct timespec *a,
			      const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) +
	       (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

void progress_start(struct progress *p, const char *what, uint64_t total)
{
	const char *slash = strrchr(what, '/'), *term = getenv("TERM");

	memset(p, 0, sizeof(*p));
	p->what = slash ? slash + 1 : what;
	p->total = total;
	clock_gettime(CLOCK_MONOTONIC, &p->start);
	p->shown = p->start;
	p->on = isatty(STDERR_FILENO) && !report_timestamps && term &&
		strcmp(term, "dumb");
}

void progress_add(struct progress *p, uint64_t bytes)
{
	struct timespec now;
	char a[16], b[16], c[16];
	double took;

	p->done += bytes;
	if (!p->on)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (seconds_between(&p->shown, &now) < 0.25)
		return;
	p->shown = now;
	took = seconds_between(&p->start, &now);
	if (p->counts)
		fprintf(stderr, "\r\033[K%s: %" PRIu64 " of %" PRIu64
			" inodes", p->what, p->done, p->total);
	else
		fprintf(stderr, "\r\033[K%s: %s of %s, %s/s", p->what,
			human_size(a, p->done), human_size(b, p->total),
			human_size(c, (uint64_t)((double)p->done / took)));
	fflush(stderr);
	drawn = true;
}

void progress_end(struct progress *p)
{
	if (p->on && drawn) {
		fprintf(stderr, "\r\033[K");
		fflush(stderr);
		drawn = false;
	}
	p->on = false;
}

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* The second time the signal does what it always did. */
void catch_interrupts(void)
{
	struct sigaction sa = {
		.sa_handler = on_interrupt,
		.sa_flags = (int)SA_RESETHAND,
	};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}
