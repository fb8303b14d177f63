package io.vmha.node.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The options that every verb has, and what every verb does with them. */
final class Connection {
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+):([0-9]{1,5})");
    private static final int TOKEN_BYTES_MAX = 4096;
    /** As long as the daemon takes one word of a path. */
    private static final int NAME_LENGTH_MAX = 255;
    /** The daemon's advice to clients of HTTP, beside the one to users of this command. */
    private static final Pattern PATH_ADVICE = Pattern.compile("/v1/[a-z/]+, or (?=vmha )");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = {"-a", "--address"},
            scope = ScopeType.INHERIT,
            paramLabel = "HOST:PORT",
            defaultValue = "${env:VMHA_ADDRESS:-127.0.0.1:8400}",
            description = "the daemon's gRPC address (default: $$VMHA_ADDRESS, else 127.0.0.1:8400)")
    private String address = "";

    @Option(
            names = "--token-file",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            defaultValue = "${env:VMHA_TOKEN_FILE}",
            description = "the daemon's rpc.token_file, to change things over the network (default: $$VMHA_TOKEN_FILE)")
    private Path tokenFile;

    @Option(
            names = {"-j", "--json"},
            scope = ScopeType.INHERIT,
            description = "print the daemon's JSON document")
    private boolean json;

    /** Shows the document of a path; as text, the view says what and how it ends. */
    int show(String path, ToIntFunction<Document> view) {
        return exchange(admin -> admin.read(path), view);
    }

    /** Asks for a change and shows what came of it. */
    int change(String path, String body) {
        return tell(ask(path, body));
    }

    /** Asks for a change and shows nothing of what came of it. */
    Admin.Answer ask(String path, String body) {
        try (var admin = admin()) {
            return admin.put(path, body);
        }
    }

    /** Shows what came of a change. */
    int tell(Admin.Answer answer) {
        return told(
                answer,
                document -> {
                    screen().line(document.text("message"));
                    return ExitCode.OK.number();
                },
                json);
    }

    /** Asks for a change and shows nothing if it was taken. */
    int quietly(String path, String body) {
        return exchange(admin -> admin.put(path, body), document -> ExitCode.OK.number(), false);
    }

    /** Reads a document and prints nothing of it by itself. */
    int look(String path, ToIntFunction<Document> view) {
        return exchange(admin -> admin.read(path), view, false);
    }

    /** Where this verb writes. */
    boolean isJson() {
        return json;
    }

    Screen screen() {
        return new Screen(out(), System.getenv("NO_COLOR") == null && isTerminal());
    }

    /** True if standard output is a terminal; what standard input is does not matter, and {@code System.console()} asks for both. */
    private static boolean isTerminal() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString().matches("/dev/(pts/.*|tty.*|console)");
        } catch (IOException e) {
            return false;
        }
    }

    /** A name as one segment of a path. */
    static String segment(String word) {
        if (word.isBlank() || word.length() > NAME_LENGTH_MAX) {
            throw new Failure(
                    ExitCode.USAGE,
                    "a name has 1 to " + NAME_LENGTH_MAX + " characters but this one "
                            + (word.isBlank() ? "is empty" : "has " + word.length()));
        }
        return URLEncoder.encode(word, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private interface Exchange {
        Admin.Answer with(Admin admin);
    }

    /** The daemon, for what is no document and no change of one. */
    Admin admin() {
        return new Admin(where(), token());
    }

    private int exchange(Exchange exchange, ToIntFunction<Document> view) {
        return exchange(exchange, view, json);
    }

    private int exchange(Exchange exchange, ToIntFunction<Document> view, boolean printed) {
        Admin.Answer answer;
        try (var admin = admin()) {
            answer = exchange.with(admin);
        }
        return told(answer, view, printed);
    }

    private int told(Admin.Answer answer, ToIntFunction<Document> view, boolean printed) {
        Document document = Document.parse(answer.json());
        if (answer.status() >= 300) {
            return refused(answer, document);
        }
        if (printed) {
            out().println(answer.json());
            return noLeader(document) ? ExitCode.NO_LEADER.number() : ExitCode.OK.number();
        }
        return view.applyAsInt(document);
    }

    /** True for the documents that tell who leads, if nobody does. */
    static boolean noLeader(Document document) {
        return !document.isEmpty("reason") && document.isEmpty("leader");
    }

    private int refused(Admin.Answer answer, Document document) {
        if (json) {
            out().println(answer.json());
        } else {
            String error = PATH_ADVICE.matcher(document.text("error")).replaceAll("");
            spec.commandLine().getErr().println(error.isEmpty() ? "refused with status " + answer.status() : error);
        }
        ExitCode code = switch (answer.status()) {
            case 502, 504 -> ExitCode.OPENSTACK;
            case 503 -> ExitCode.NO_LEADER;
            default -> ExitCode.REFUSED;
        };
        return code.number();
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private InetSocketAddress where() {
        var matcher = ADDRESS.matcher(address);
        if (matcher.matches() && Integer.parseInt(matcher.group(2)) <= 65535) {
            String host = matcher.group(1);
            var where = new InetSocketAddress(
                    host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
                    Integer.parseInt(matcher.group(2)));
            if (where.isUnresolved()) {
                throw new Failure(
                        ExitCode.UNREACHABLE, "there is no host " + host + ": check --address or VMHA_ADDRESS");
            }
            return where;
        }
        throw new Failure(
                ExitCode.USAGE, "the address must be HOST:PORT such as 127.0.0.1:8400 but is '" + address + "'");
    }

    private Optional<String> token() {
        if (tokenFile == null || tokenFile.toString().isEmpty()) {
            return Optional.empty();
        }
        try (var in = Files.newInputStream(tokenFile)) {
            return Optional.of(new String(in.readNBytes(TOKEN_BYTES_MAX), StandardCharsets.US_ASCII).strip());
        } catch (IOException e) {
            throw new Failure(
                    ExitCode.USAGE,
                    "the token file " + tokenFile + " cannot be read ("
                            + e.getClass().getSimpleName()
                            + "): check --token-file or VMHA_TOKEN_FILE, and that this user may read it");
        }
    }
}
