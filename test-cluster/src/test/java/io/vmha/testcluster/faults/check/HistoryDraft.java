package io.vmha.testcluster.faults.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A history written by hand: the story of one host's death, as it should be, to be doctored line by line. */
final class HistoryDraft {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Event> events = new ArrayList<>();

    /** hv-2 dies with its only VM at 10 s, is certified, and the VM lives on hv-1 from 20 s. */
    static HistoryDraft ofADeath() {
        return new HistoryDraft()
                .add(0, "guest", "{vm:'v', nonce:'1', host:'hv-2', from_ms:0, to_ms:10000, beats:50, gaps:[]}")
                .add(
                        20_000,
                        "guest",
                        "{vm:'v', nonce:'2', host:'hv-1', from_ms:20000, to_ms:60000, beats:200, gaps:[]}")
                .add(0, "disk", "{vm:'v', nonce:'1', host:'hv-2', from_ms:0, to_ms:10000, writes:50}")
                .add(20_000, "disk", "{vm:'v', nonce:'2', host:'hv-1', from_ms:20000, to_ms:60000, writes:200}")
                .add(500, "view", "{host:'hv-1', role:'leader', term:1}")
                .add(
                        10_000,
                        "fault",
                        "{id:'f1', name:'power-off', family:'power', targets:['hv-2'], dead:['hv-2'], cut:[],"
                                + " silent:[], mass:false}")
                .add(10_000, "power", "{host:'hv-2', on:false, by:'the injector'}")
                .add(16_000, "nova", CALL)
                .add(40_000, "healed", "{id:'f1'}")
                .add(40_000, "power", "{host:'hv-2', on:true, by:'the injector'}")
                .add(50_000, "converged", "{ok:true, took_ms:10000, why:''}")
                .add(55_000, "sample", "{host:'hv-1', rss_kib:100000, threads:40, data_kib:2000}")
                .add(60_000, "servers", "{servers:[{id:'v', name:'vm', status:'ACTIVE', host:'hv-1', task:''}]}")
                .add(60_000, "replica", replica("hv-1"))
                .add(60_000, "replica", replica("hv-3"))
                .add(60_000, "state", "{group:'g', host:'hv-1', index:30, digest:'aa'}")
                .add(60_000, "state", "{group:'g', host:'hv-3', index:30, digest:'aa'}")
                .add(60_000, "state", "{group:'g', host:'hv-2', index:29, digest:'cc'}")
                .add(60_000, "pool", "{host:'hv-1', alive:['hv-1','hv-2','hv-3'], wanted:['hv-1','hv-2','hv-3']}")
                .operation("WRITE", "a", "", 1_000, 2_000)
                .operation("READ", "", "a", 3_000, 4_000);
    }

    private static final String CALL = "{caller:'hv-1', method:'POST', committed:true, accepted:true, evacuates:'v',"
            + " evidence:{asked:2, answered:2, certified:['hv-1','hv-3'], source:'hv-2', proof:'POWER_OFF',"
            + " caller_role:'leader', caller_term:1}}";

    private static String replica(String host) {
        return "{host:'" + host + "', index:30, incidents:[{id:1, phase:'closed', story:[{text:'declared dead:"
                + " hv-2'}], recoveries:[{host:'hv-2', certificate:{proof:'POWER_OFF', detail:'off'},"
                + " vms:[{id:'v', name:'vm', ending:'recovered'}]}]}],"
                + " hosts:{'hv-2':{status:'in_service', epoch:2}}}";
    }

    /** Fields as JSON with single quotes and bare names. */
    HistoryDraft add(long atMs, String kind, String fields) {
        try {
            String json = fields.replaceAll("([{,]\\s*)([a-z_]+):", "$1\"$2\":").replace('\'', '"');
            JsonNode node = JSON.readTree(json);
            events.add(new Event(atMs, kind, (ObjectNode) node));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(fields, e);
        }
    }

    HistoryDraft operation(String action, String argument, String answer, long fromNs, long toNs) {
        return add(
                fromNs / 1_000_000,
                "operation",
                "{object:'register', client:'c', key:'k', action:'" + action + "', argument:'" + argument
                        + "', outcome:'DONE', from_ns:" + fromNs + ", to_ns:" + toNs
                        + (answer.isEmpty() ? "" : ", answer:'" + answer + "'") + "}");
    }

    /** Takes out the events of a kind. */
    HistoryDraft without(String kind) {
        events.removeIf(event -> event.kind().equals(kind));
        return this;
    }

    History history() {
        return History.of(events);
    }
}
