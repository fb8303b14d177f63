package io.vmha.node;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.vmha.gossip.rpc.LogLine;
import io.vmha.gossip.rpc.LogSource;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** Keeps the end of the daemon's log for {@code serf monitor}, in the form that Serf's own log has. */
final class MonitorLog extends AppenderBase<ILoggingEvent> implements LogSource {
    private static final int LINES_MAX = 512;
    private static final int LINE_LENGTH_MAX = 2_000;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy/MM/dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Deque<LogLine> lines = new ArrayDeque<>();
    private volatile Consumer<LogLine> reader = line -> {};

    private MonitorLog() {}

    /** Begins to listen to everything that the daemon logs. */
    static MonitorLog attached() {
        var log = new MonitorLog();
        if (LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME) instanceof Logger root) {
            log.setContext(root.getLoggerContext());
            log.setName("serf-monitor");
            log.start();
            root.addAppender(log);
        }
        return log;
    }

    @Override
    protected void append(ILoggingEvent event) {
        String text = TIME.format(Instant.ofEpochMilli(event.getTimeStamp())) + " [" + level(event.getLevel()) + "] "
                + event.getFormattedMessage();
        var line = new LogLine(
                level(event.getLevel()), text.length() > LINE_LENGTH_MAX ? text.substring(0, LINE_LENGTH_MAX) : text);
        synchronized (lines) {
            lines.addLast(line);
            if (lines.size() > LINES_MAX) {
                lines.removeFirst();
            }
        }
        reader.accept(line);
    }

    private static LogLine.Level level(Level level) {
        if (level.isGreaterOrEqual(Level.ERROR)) {
            return LogLine.Level.ERR;
        }
        if (level.isGreaterOrEqual(Level.WARN)) {
            return LogLine.Level.WARN;
        }
        if (level.isGreaterOrEqual(Level.INFO)) {
            return LogLine.Level.INFO;
        }
        return level.isGreaterOrEqual(Level.DEBUG) ? LogLine.Level.DEBUG : LogLine.Level.TRACE;
    }

    @Override
    public List<LogLine> recent() {
        synchronized (lines) {
            return new ArrayList<>(lines);
        }
    }

    @Override
    public void follow(Consumer<LogLine> newReader) {
        reader = newReader;
    }
}
