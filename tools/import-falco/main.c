/* SPDX-License-Identifier: Apache-2.0 */
/* The program: options, files, exit codes. */
#include "import.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "rule/rule.h"

enum { EXIT_DONE = 0, EXIT_SOME = 1, EXIT_USAGE = 2, EXIT_IO = 5 };

static const char usage[] =
	"Usage: import-falco [OPTION]... FILE.yaml...\n"
	"\n"
	"Translates Falco's rules to a rule file of brigwatch, on standard output, and\n"
	"reports on standard error what became of each rule and why. The files are read\n"
	"in the order in which they are named, as Falco does: later ones may append to\n"
	"and override what earlier ones define.\n"
	"\n"
	"Options:\n"
	"  -o, --output FILE     write the rules to FILE\n"
	"      --prefix ID       letters before the numbers of rules (default FALCO)\n"
	"      --ids FILE        keep the numbers of rules in FILE: read if it is there,\n"
	"                        written anew with what was added\n"
	"      --report WHERE    text (default) or json: on standard error in that form;\n"
	"                        else a file, in JSON if its name ends in .json\n"
	"      --strict          refuse rules of which an exclusion would be lost\n"
	"      --help            this text\n"
	"\n"
	"The report knows four kinds of remarks, each with file and line. refused: why a\n"
	"rule was not translated. narrower: the translation fires less often. wider: an\n"
	"exclusion is lost, it fires more often. note: good to know.\n"
	"\n"
	"Exit status: 0 all rules were translated, 1 some were refused (the others are\n"
	"written), 2 usage, or a file is not YAML or not Falco's (nothing is written),\n"
	"5 a file could not be read or written.\n"
	"\n"
	"See docs/import-falco.md.\n";

struct arguments {
	struct options options;
	const char *output, *report;
};

static int complain(const struct problem *problem)
{
	fprintf(stderr, "%s:%u:%u: %s\n", problem->at.file ? problem->at.file : "-", problem->at.line,
		problem->at.column, problem->message);
	if (problem->excerpt[0])
		fprintf(stderr, "    %s\n", problem->excerpt);
	if (problem->excerpt[0] && problem->at.column > 0 && problem->at.column < 150 &&
	    !strchr(problem->excerpt, '\n'))
		fprintf(stderr, "    %*s^\n", (int)problem->at.column - 1, "");
	return EXIT_USAGE;
}

static int fail_io(const char *path, int error)
{
	fprintf(stderr, "import-falco: %s: %s\n", path, strerror(error));
	return EXIT_IO;
}

/* --- reading ------------------------------------------------------------- */

static int read_bytes(struct pool *pool, const char *path, struct slice *ret)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t len = 0;
	char *data;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_size > (off_t)YAML_FILE_MAX)
		return -EFBIG;
	data = pool_alloc(pool, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		n = read(fd, data + len, (size_t)st.st_size - len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret = (struct slice){ data, len };
	return 0;
}

static int read_file(struct import *import, const char *path)
{
	struct problem problem;
	struct node *root = NULL;
	struct slice bytes = { NULL, 0 };
	int r;

	r = read_bytes(&import->model.pool, path, &bytes);
	if (r < 0)
		return fail_io(path, -r);
	r = yaml_read(&import->model.pool, path, bytes, &root, &problem);
	if (r == 0)
		r = model_add(&import->model, root, &problem);
	import->n_files++;
	return r < 0 ? complain(&problem) : EXIT_DONE;
}

/* --- writing ------------------------------------------------------------- */

static int write_json(const char *path, const json_t *json, FILE *otherwise)
{
	FILE *file = path ? fopen(path, "we") : otherwise;
	int r;

	if (!file)
		return fail_io(path, errno);
	r = json_dumpf(json, file, JSON_INDENT(2));
	fputc('\n', file);
	if (fflush(file) != 0 || ferror(file))
		r = -1;
	if (path && fclose(file) != 0)
		r = -1;
	return r < 0 ? fail_io(path ? path : "output", errno) : EXIT_DONE;
}

static bool ends_in(const char *text, const char *tail)
{
	size_t len = strlen(text), n = strlen(tail);

	return len >= n && strcmp(text + len - n, tail) == 0;
}

static int write_report(const struct import *import, const char *where)
{
	bool is_json = strcmp(where, "json") == 0 || ends_in(where, ".json");
	const char *path = strcmp(where, "json") != 0 && strcmp(where, "text") != 0 ? where : NULL;
	json_t *json;
	FILE *file;
	int status;

	if (is_json) {
		json = report_json(import);
		status = write_json(path, json, stderr);
		json_decref(json);
		return status;
	}
	file = path ? fopen(path, "we") : stderr;
	if (!file)
		return fail_io(path, errno);
	report_text(file, import);
	if (path && fclose(file) != 0)
		return fail_io(path, errno);
	return EXIT_DONE;
}

static bool is_all_translated(const struct import *import)
{
	for (size_t i = 0; i < import->results.n; i++) {
		if (!((const struct result *)import->results.items[i])->id)
			return false;
	}
	return true;
}

/* --- arguments ----------------------------------------------------------- */

static int misused(const char *what)
{
	fprintf(stderr, "import-falco: %s; see import-falco --help\n", what);
	return EXIT_USAGE;
}

/* *ret_status is set when the program is to end. */
static bool read_arguments(int argc, char **argv, struct arguments *ret, int *ret_status)
{
	static const struct option known[] = {
		{ "output", required_argument, NULL, 'o' }, { "prefix", required_argument, NULL, 'p' },
		{ "ids", required_argument, NULL, 'i' },    { "report", required_argument, NULL, 'r' },
		{ "strict", no_argument, NULL, 's' },	    { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *prefix;
	int c;

	*ret = (struct arguments){ .options = { .prefix = "FALCO" }, .report = "text" };
	while ((c = getopt_long(argc, argv, "o:h", known, NULL)) != -1) {
		switch (c) {
		case 'o': ret->output = optarg; break;
		case 'p': ret->options.prefix = optarg; break;
		case 'i': ret->options.ids = optarg; break;
		case 'r': ret->report = optarg; break;
		case 's': ret->options.strict = true; break;
		case 'h':
			fputs(usage, stdout);
			*ret_status = EXIT_DONE;
			return false;
		default: *ret_status = misused("unknown or incomplete option"); return false;
		}
	}
	prefix = ret->options.prefix;
	if (strlen(prefix) == 0 || strlen(prefix) > 32 ||
	    strspn(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(prefix) || strcmp(prefix, "BW") == 0)
		*ret_status = misused("a prefix is made of 1 to 32 capital letters, and BW is taken");
	else if (optind == argc || (unsigned int)(argc - optind) > YAML_FILES_MAX)
		*ret_status = misused("name 1 to 64 files of Falco rules");
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	struct import import = { 0 };
	struct arguments arguments;
	struct problem problem;
	int status = EXIT_DONE, r;

	if (!read_arguments(argc, argv, &arguments, &status))
		return status;
	for (int i = optind; i < argc && status == EXIT_DONE; i++)
		status = read_file(&import, argv[i]);
	if (status == EXIT_DONE && import_rules(&import, &arguments.options, &problem) < 0) {
		complain(&problem);
		status = EXIT_IO;
	}
	if (status == EXIT_DONE)
		status = write_json(arguments.output, import.json, stdout);
	if (status == EXIT_DONE) {
		r = write_report(&import, arguments.report);
		status = r != EXIT_DONE ? r : is_all_translated(&import) ? EXIT_DONE : EXIT_SOME;
	}
	import_release(&import);
	return status;
}
