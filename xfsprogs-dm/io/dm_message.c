// SPDX-License-Identifier: GPL-2.0
/*
 * Messages and their tokens: to see events, to answer them, to send some
 *
 * A session that a command made ends with the command, so what it got has to be
 * answered by then.  If it is not, the session stays, and the command says so.
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"
#include <signal.h>

#define ANSWER_NONE	(-1)

static cmdinfo_t dm_disp_cmd;
static cmdinfo_t dm_events_cmd;
static cmdinfo_t dm_move_cmd;
static cmdinfo_t dm_pending_cmd;
static cmdinfo_t dm_respond_cmd;
static cmdinfo_t dm_send_cmd;
static cmdinfo_t dm_tokens_cmd;
static cmdinfo_t dm_userevent_cmd;

static void
dm_disp_help(void)
{
	printf(_(
"\n"
" lists what a session is registered for, a line for each file system; or\n"
" registers it for the events that are named, of the open file's file system\n"
"\n"
" - is none of them: they go elsewhere, or wait.  Of the sessions that are\n"
" registered for an event of a file system the last one gets it.\n"
"\n"
" -g        -- for MOUNT, which is of no file system yet\n"
" -j        -- lines of JSON\n"
" -s sid    -- the session\n"
"\n"
" Example:\n"
" 'dm_disp -s 4 read,write,truncate'\n"
"\n"));
}

static int
dm_disp_show(
	dm_sessid_t		sid,
	struct dm_out		*o)
{
	dm_dispinfo_t		*di;
	void			*buf = NULL;
	size_t			len = 0;

	while (dm_getall_disp(sid, len, buf, &len)) {
		if (errno != E2BIG) {
			free(buf);
			return dmio_fail("dm_getall_disp");
		}
		free(buf);
		buf = malloc(len);
		if (!buf)
			return dmio_fail("malloc");
	}
	for (di = len ? buf : NULL; di;
	     di = DM_STEP_TO_NEXT(di, dm_dispinfo_t *)) {
		dmio_out_begin(o);
		dmio_out_bytes(o, "fs", DM_GET_VALUE(di, di_fshandle, void *),
				DM_GET_LEN(di, di_fshandle));
		dmio_out_events(o, "events", di->di_eventset);
		dmio_out_end(o);
	}
	free(buf);
	return 0;
}

static int
dm_disp_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_eventset_t		set = 0;
	bool			global = false;
	int			c, error;

	while ((c = dmio_target_getopt(argc, argv, "gj" DM_TARGET_OPTS, &t,
			&dm_disp_cmd)) != EOF) {
		switch (c) {
		case 'g':
			global = true;
			break;
		case 'j':
			o.json = true;
			break;
		default:
			return 0;
		}
	}
	if (optind < argc - 1 || t.sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_disp_cmd);
	if (optind == argc) {
		if (!dmio_service())
			dm_disp_show(t.sid, &o);
		return 0;
	}
	if (dmio_parse_events(argv[optind], &set))
		return 0;
	if (dmio_target_open_fs(&t))
		return 0;
	if (global)
		error = dm_set_disp(t.sid, DM_GLOBAL_HANP, DM_GLOBAL_HLEN,
				t.token, &set, DM_EVENT_MAX);
	else
		error = dm_set_disp(t.sid, t.hanp, t.hlen, t.token, &set,
				DM_EVENT_MAX);
	if (error)
		dmio_fail("dm_set_disp");
	dmio_target_close(&t);
	return 0;
}

static void
dm_events_help(void)
{
	printf(_(
"\n"
" prints the messages of a session, a line each, and can answer them\n"
"\n"
" Without -s it makes a session for the time being, which has to be registered\n"
" with -d.  Interrupt it to end -f; a message that was not answered keeps the\n"
" session, and dm_tokens, dm_respond and dm_destroy go on with it.\n"
"\n"
" -a answer -- of all that wait for one: continue, or an errno to fail with\n"
" -d events -- register for these events of the open file's file system first\n"
" -f        -- go on as messages come\n"
" -j        -- lines of JSON\n"
" -n number -- end after so many messages\n"
" -s sid    -- the session\n"
" -w        -- wait for the first\n"
"\n"
" An answer does not bring data back: whoever reads what is offline and is told\n"
" to continue gets an error.\n"
"\n"
" Example:\n"
" 'dm_events -f -d destroy,postcreate -a continue' - see files come and go\n"
"\n"));
}

/* continue, or an errno by number or by one of the names that matter */
static int
dm_parse_answer(
	const char		*text,
	int			*answerp)
{
	static const struct {
		const char	*name;
		int		error;
	} names[] = {
		{ "continue", 0 }, { "EIO", EIO }, { "EACCES", EACCES },
		{ "EPERM", EPERM }, { "ENOSPC", ENOSPC }, { "EBUSY", EBUSY },
		{ "EAGAIN", EAGAIN }, { "EINTR", EINTR }, { "ENOENT", ENOENT },
		{ "EROFS", EROFS }, { "ESTALE", ESTALE },
	};
	int			i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*answerp = names[i].error;
			return 0;
		}
	}
	return dmio_parse_id(_("answer"), text, answerp);
}

static int
dm_answer(
	dm_sessid_t		sid,
	dm_token_t		token,
	int			answer)
{
	if (dm_respond_event(sid, token,
			answer ? DM_RESP_ABORT : DM_RESP_CONTINUE, answer, 0,
			NULL))
		return dmio_fail("dm_respond_event");
	return 0;
}

static void
dm_events_interrupt(
	int			sig)
{
}

/* What is to be done with messages */
struct dm_events {
	struct dm_out		out;
	int			answer;
	bool			follow, wait;
	long long		left;		/* -1: no limit */
};

static void
dm_events_loop(
	dm_sessid_t		sid,
	struct dm_events	*ev)
{
	dm_eventmsg_t		*msg;
	void			*buf, *more;
	size_t			size = 65536, len;

	buf = malloc(size);
	while (buf && ev->left) {
		if (dm_get_events(sid, ev->left > 0 ? min(ev->left, 1000) : 0,
				ev->wait || ev->follow ? DM_EV_WAIT : 0, size,
				buf, &len)) {
			if (errno == E2BIG) {
				more = realloc(buf, len);
				if (!more)
					break;
				buf = more;
				size = len;
				continue;
			}
			/* EAGAIN: there is none; EINTR: enough */
			if (errno != EAGAIN && errno != EINTR)
				dmio_fail("dm_get_events");
			break;
		}
		for (msg = len ? buf : NULL; msg;
		     msg = DM_STEP_TO_NEXT(msg, dm_eventmsg_t *)) {
			dmio_out_begin(&ev->out);
			dmio_out_msg(&ev->out, msg);
			dmio_out_end(&ev->out);
			if (ev->left > 0)
				ev->left--;
			if (ev->answer != ANSWER_NONE && msg->ev_token > 0)
				dm_answer(sid, msg->ev_token, ev->answer);
		}
		ev->wait = false;
	}
	if (!buf)
		dmio_fail("malloc");
	free(buf);
}

/* The same until it is interrupted */
static void
dm_events_run(
	dm_sessid_t		sid,
	struct dm_events	*ev)
{
	struct sigaction	act = { .sa_handler = dm_events_interrupt };
	struct sigaction	old;

	sigaction(SIGINT, &act, &old);
	dm_events_loop(sid, ev);
	sigaction(SIGINT, &old, NULL);
}

static int
dm_events_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_events	ev = { .answer = ANSWER_NONE, .left = -1 };
	dm_eventset_t		set = 0, none = 0;
	unsigned int		tokens = 0;
	bool			disp = false;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "a:d:fjn:w" DM_TARGET_OPTS,
			&t, &dm_events_cmd)) != EOF) {
		switch (c) {
		case 'a':
			if (dm_parse_answer(optarg, &ev.answer))
				return 0;
			break;
		case 'd':
			if (dmio_parse_events(optarg, &set))
				return 0;
			disp = true;
			break;
		case 'f':
			ev.follow = true;
			break;
		case 'j':
			ev.out.json = true;
			break;
		case 'n':
			if (dmio_parse_num(_("number"), optarg, &ev.left))
				return 0;
			break;
		case 'w':
			ev.wait = true;
			break;
		default:
			return 0;
		}
	}
	if (optind != argc || (t.sid == DM_NO_SESSION && !disp))
		return dmio_cmd_usage(&dm_events_cmd);

	if (dmio_target_open_fs(&t))
		return 0;
	if (disp && dm_set_disp(t.sid, t.hanp, t.hlen, DM_NO_TOKEN, &set,
			DM_EVENT_MAX))
		dmio_fail("dm_set_disp");
	else
		dm_events_run(t.sid, &ev);
	if (t.own_session) {
		/* What comes from now on goes elsewhere; the rest is ours. */
		dm_set_disp(t.sid, t.hanp, t.hlen, DM_NO_TOKEN, &none,
				DM_EVENT_MAX);
		ev.follow = ev.wait = false;
		ev.left = -1;
		dm_events_loop(t.sid, &ev);
		if (dm_getall_tokens(t.sid, 0, NULL, &tokens) && tokens) {
			fprintf(stderr,
_("session %d stays: %u of its messages wait for dm_respond\n"),
				t.sid, tokens);
			t.own_session = false;
		}
	}
	dmio_target_close(&t);
	return 0;
}

static void
dm_respond_help(void)
{
	printf(_(
"\n"
" answers messages, by their tokens: lets those go on who wait, or has them fail\n"
"\n"
" -a answer -- an errno to fail with, by number or name, instead of continue\n"
" -s sid    -- the session that has the messages\n"
"\n"));
}

static int
dm_respond_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		sid = DM_NO_SESSION;
	dm_token_t		token;
	int			answer = 0;
	int			c;

	while ((c = getopt(argc, argv, "a:s:")) != EOF) {
		switch (c) {
		case 'a':
			if (dm_parse_answer(optarg, &answer))
				return 0;
			break;
		case 's':
			if (dmio_parse_id(_("session"), optarg, &sid))
				return 0;
			break;
		default:
			return dmio_cmd_usage(&dm_respond_cmd);
		}
	}
	if (optind == argc || sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_respond_cmd);
	if (dmio_service())
		return 0;
	for (; optind < argc; optind++) {
		if (dmio_parse_id(_("token"), argv[optind], &token) ||
		    dm_answer(sid, token, answer))
			return 0;
	}
	return 0;
}

static void
dm_tokens_help(void)
{
	printf(_(
"\n"
" lists the messages of a session that were delivered and not answered yet\n"
"\n"
" -j        -- lines of JSON\n"
" -s sid    -- the session\n"
"\n"));
}

static void
dm_token_show(
	dm_sessid_t		sid,
	dm_token_t		token,
	struct dm_out		*o)
{
	void			*buf = NULL;
	size_t			len = 0;

	while (dm_find_eventmsg(sid, token, len, buf, &len)) {
		/* ESRCH: it was answered meanwhile */
		if (errno != E2BIG) {
			if (errno != ESRCH && errno != EINVAL)
				dmio_fail("dm_find_eventmsg");
			goto out;
		}
		free(buf);
		buf = malloc(len);
		if (!buf) {
			dmio_fail("malloc");
			return;
		}
	}
	dmio_out_begin(o);
	dmio_out_msg(o, buf);
	dmio_out_end(o);
out:
	free(buf);
}

static int
dm_tokens_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		sid = DM_NO_SESSION;
	struct dm_out		o = { };
	dm_token_t		*tokens = NULL;
	unsigned int		nelem = 0, i;
	int			c;

	while ((c = getopt(argc, argv, "js:")) != EOF) {
		switch (c) {
		case 'j':
			o.json = true;
			break;
		case 's':
			if (dmio_parse_id(_("session"), optarg, &sid))
				return 0;
			break;
		default:
			return dmio_cmd_usage(&dm_tokens_cmd);
		}
	}
	if (optind != argc || sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_tokens_cmd);
	if (dmio_service())
		return 0;
	while (dm_getall_tokens(sid, nelem, tokens, &nelem)) {
		if (errno != E2BIG) {
			dmio_fail("dm_getall_tokens");
			goto out;
		}
		free(tokens);
		tokens = calloc(nelem, sizeof(*tokens));
		if (!tokens) {
			dmio_fail("calloc");
			return 0;
		}
	}
	for (i = 0; i < nelem; i++)
		dm_token_show(sid, tokens[i], &o);
out:
	free(tokens);
	return 0;
}

static void
dm_pending_help(void)
{
	printf(_(
"\n"
" says that the answer to a message will take its time, so that who waits for it\n"
" and does not want to be kept is let go\n"
"\n"
" -s sid    -- the session that has the message\n"
" seconds   -- how long it will take, as far as anybody knows\n"
"\n"));
}

static int
dm_pending_f(
	int			argc,
	char			**argv)
{
	dm_timestruct_t		delay = { };
	struct dm_target	t = DM_TARGET_INIT;
	long long		seconds = 0;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t,
			&dm_pending_cmd) != EOF)
		return 0;
	if (t.sid == DM_NO_SESSION || optind == argc || optind < argc - 2)
		return dmio_cmd_usage(&dm_pending_cmd);
	if (dmio_parse_id(_("token"), argv[optind], &t.token))
		return 0;
	if (optind == argc - 2 &&
	    dmio_parse_num(_("seconds"), argv[optind + 1], &seconds))
		return 0;
	delay.dm_tv_sec = seconds;
	if (dmio_service())
		return 0;
	if (dm_pending(t.sid, t.token, &delay))
		dmio_fail("dm_pending");
	return 0;
}

static void
dm_move_help(void)
{
	printf(_(
"\n"
" gives a message that waits for its answer to another session, with the rights\n"
" that its token has, and prints its token there\n"
"\n"
" -s sid    -- the session that has the message\n"
"\n"));
}

static int
dm_move_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		sid = DM_NO_SESSION, target;
	dm_token_t		token, rtoken;
	int			c;

	while ((c = getopt(argc, argv, "s:")) != EOF) {
		if (c != 's')
			return dmio_cmd_usage(&dm_move_cmd);
		if (dmio_parse_id(_("session"), optarg, &sid))
			return 0;
	}
	if (optind != argc - 2 || sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_move_cmd);
	if (dmio_parse_id(_("token"), argv[optind], &token) ||
	    dmio_parse_id(_("session"), argv[optind + 1], &target))
		return 0;
	if (dmio_service())
		return 0;
	if (dm_move_event(sid, token, target, &rtoken))
		dmio_fail("dm_move_event");
	else
		printf("%d\n", rtoken);
	return 0;
}

/* The rest of the line, with blanks between */
static int
dm_join(
	int			argc,
	char			**argv,
	char			*text,
	size_t			size)
{
	size_t			len = 0;
	int			i;

	*text = 0;
	for (i = optind; i < argc; i++) {
		len += snprintf(text + len, size - len, "%s%s",
				i > optind ? " " : "", argv[i]);
		if (len >= size) {
			fprintf(stderr, _("the text is too long\n"));
			exitcode = 1;
			return -1;
		}
	}
	return 0;
}

static void
dm_send_help(void)
{
	printf(_(
"\n"
" sends a session a message of type user, with a text\n"
"\n"
" -s sid    -- the session\n"
" -w        -- wait for the answer, and fail if it says so\n"
"\n"));
}

static int
dm_send_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		sid = DM_NO_SESSION;
	dm_msgtype_t		type = DM_MSGTYPE_ASYNC;
	char			text[4096];
	int			c;

	while ((c = getopt(argc, argv, "s:w")) != EOF) {
		switch (c) {
		case 's':
			if (dmio_parse_id(_("session"), optarg, &sid))
				return 0;
			break;
		case 'w':
			type = DM_MSGTYPE_SYNC;
			break;
		default:
			return dmio_cmd_usage(&dm_send_cmd);
		}
	}
	if (sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_send_cmd);
	if (dm_join(argc, argv, text, sizeof(text)) || dmio_service())
		return 0;
	if (dm_send_msg(sid, type, strlen(text), text))
		dmio_fail("dm_send_msg");
	return 0;
}

static void
dm_userevent_help(void)
{
	printf(_(
"\n"
" makes a message of the session's own, with a text, and prints its token, which\n"
" can hold rights and references until dm_respond ends it\n"
"\n"
" -s sid    -- the session\n"
"\n"));
}

static int
dm_userevent_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		sid = DM_NO_SESSION;
	dm_token_t		token;
	char			text[4096];
	int			c;

	while ((c = getopt(argc, argv, "s:")) != EOF) {
		if (c != 's')
			return dmio_cmd_usage(&dm_userevent_cmd);
		if (dmio_parse_id(_("session"), optarg, &sid))
			return 0;
	}
	if (sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_userevent_cmd);
	if (dm_join(argc, argv, text, sizeof(text)) || dmio_service())
		return 0;
	if (dm_create_userevent(sid, strlen(text), text, &token))
		dmio_fail("dm_create_userevent");
	else
		printf("%d\n", token);
	return 0;
}

void
dmio_message_init(void)
{
	dmio_add(&dm_disp_cmd, "dm_disp", dm_disp_f, DM_FILE,
		"[-gj] [-H handle] -s sid [events | -]",
		_("what a DM session is registered for"), dm_disp_help);
	dmio_add(&dm_events_cmd, "dm_events", dm_events_f, DM_FILE,
		"[-fjw] [-a answer] [-d events] [-n number] [-H handle] [-s sid]",
		_("print and answer DM messages"), dm_events_help);
	dmio_add(&dm_move_cmd, "dm_move", dm_move_f, DM_NOFILE,
		"-s sid token target",
		_("give a DM message to another session"), dm_move_help);
	dmio_add(&dm_pending_cmd, "dm_pending", dm_pending_f, DM_NOFILE,
		"-s sid token [seconds]",
		_("the answer to a DM message takes its time"), dm_pending_help);
	dmio_add(&dm_respond_cmd, "dm_respond", dm_respond_f, DM_NOFILE,
		"[-a answer] -s sid token...",
		_("answer DM messages"), dm_respond_help);
	dmio_add(&dm_send_cmd, "dm_send", dm_send_f, DM_NOFILE,
		"[-w] -s sid text...",
		_("send a DM session a message"), dm_send_help);
	dmio_add(&dm_tokens_cmd, "dm_tokens", dm_tokens_f, DM_NOFILE,
		"[-j] -s sid",
		_("list DM messages without an answer"), dm_tokens_help);
	dmio_add(&dm_userevent_cmd, "dm_userevent", dm_userevent_f, DM_NOFILE,
		"-s sid text...",
		_("make a DM message of one's own"), dm_userevent_help);
}
