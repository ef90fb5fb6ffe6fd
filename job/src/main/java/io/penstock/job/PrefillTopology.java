package io.penstock.job;

import io.penstock.job.PrefillEdges.RefusedBy;
import io.penstock.operators.admit.AdmitFunction;
import io.penstock.operators.admit.AdmitTypes;
import io.penstock.operators.admit.AdmittedPrompt;
import io.penstock.operators.admit.SourceRecord;
import io.penstock.operators.chunk.HeadOperator;
import io.penstock.operators.chunk.HeadOperatorFactory;
import io.penstock.operators.stage.Fragment;
import io.penstock.operators.stage.FragmentTypeInfo;
import io.penstock.operators.stage.StageOperatorFactory;
import io.penstock.operators.token.FirstTokenFunction;
import io.penstock.operators.token.ResultRecord;
import io.penstock.udf.stage.StageOpener;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.operators.SlotSharingGroup;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job graph, the only place where it is wired.
 *
 * <pre>
 *  slot io                keyBy  slot stage-0         slot stage-1         slot stage-(P-1)          slot io
 *  prompts ─► admit ─────────────► head ─────frames──► stage 1 ──► … ─────► stage P-1 ─► first token ─► results
 *               └► dead letters     └► dead letters
 * </pre>
 *
 * Edges from the head to the first token are FORWARD: a replica's frames stay in it and in order.
 * Every stage has a slot of its own, and source, admission and sinks share one. All groups say what
 * they need (Flink does not match slots well where some do and others take the default): a stage
 * and the edges together what a TaskManager offers for one slot, 1 core, so that a stage never
 * meets another in a TaskManager of one slot. See docs/decisions/slots.md.
 *
 * <p>Names are what the web UI shows and what metrics are found by, joined along a chain; so they
 * are short, and ASCII: the UI shows entities for anything else, and Prometheus underscores. What
 * an operator does stands in its description, which the UI shows beside the graph.
 */
public final class PrefillTopology {
  private static final String DEAD_LETTERS = "Dead letters";

  /** Part of a slot that source, admission and sinks take. */
  static final SlotNeed IO = new SlotNeed(0.1, MemorySize.ofMebiBytes(128));

  /** Part of a slot that a stage takes. */
  static final SlotNeed STAGE = new SlotNeed(0.9, MemorySize.ofMebiBytes(128));

  private PrefillTopology() {}

  /**
   * Adds the graph to an environment.
   *
   * @param environment receives the graph
   * @param plan its sizes
   * @param edges where prompts come from and answers go to
   * @param opener opens the stages
   */
  public static void build(
      StreamExecutionEnvironment environment,
      PrefillPlan plan,
      PrefillEdges edges,
      StageOpener opener) {
    SingleOutputStreamOperator<AdmittedPrompt> admitted = admit(environment, plan, edges);
    SingleOutputStreamOperator<Fragment> fragments = head(admitted, plan, edges, opener);
    for (int stage = 1; stage < plan.stages(); stage++) {
      fragments = stage(fragments, stage, plan, opener);
    }
    results(fragments, plan, edges);
  }

  private static SingleOutputStreamOperator<AdmittedPrompt> admit(
      StreamExecutionEnvironment environment, PrefillPlan plan, PrefillEdges edges) {
    DataStream<SourceRecord> records =
        environment
            .fromSource(
                edges.prompts(),
                WatermarkStrategy.noWatermarks(),
                "Prompts",
                AdmitTypes.SOURCE_RECORD)
            .uid("prompts")
            .setDescription("Prompts: records as they come")
            .setParallelism(plan.admitParallelism())
            .slotSharingGroup(io());
    SingleOutputStreamOperator<AdmittedPrompt> admitted =
        records
            .process(new AdmitFunction(plan.admit(edges.format())), AdmitTypes.ADMITTED_PROMPT)
            .uid("admit")
            .name("Admit")
            .setDescription("Admit: validates prompts and tokenizes them")
            .setParallelism(plan.admitParallelism())
            .slotSharingGroup(io());
    admitted
        .getSideOutput(AdmitFunction.DEAD_LETTERS)
        .sinkTo(edges.deadLetters(RefusedBy.ADMIT))
        .uid("admit-dead-letters")
        .name(DEAD_LETTERS)
        .setDescription("Dead letters: records that admission refused")
        .setParallelism(plan.admitParallelism())
        .slotSharingGroup(io());
    return admitted;
  }

  private static SingleOutputStreamOperator<Fragment> head(
      DataStream<AdmittedPrompt> admitted,
      PrefillPlan plan,
      PrefillEdges edges,
      StageOpener opener) {
    SingleOutputStreamOperator<Fragment> fragments =
        admitted
            .keyBy(AdmittedPrompt::routingKey, Types.STRING)
            .transform(
                "Head and stage 0, " + plan.layers(0),
                FragmentTypeInfo.INSTANCE,
                new HeadOperatorFactory(plan.head(), plan.stage(0), opener, edges.control()))
            .uid("head")
            .setDescription(
                "Head: queues prompts and cuts them into chunk batches, "
                    + plan.firstToken().chunkPolicy()
                    + "; stage 0 computes "
                    + plan.layersOfAll(0))
            .setParallelism(plan.replicas())
            .slotSharingGroup(slot(0));
    fragments
        .getSideOutput(HeadOperator.DEAD_LETTERS)
        .sinkTo(edges.deadLetters(RefusedBy.HEAD))
        .uid("head-dead-letters")
        .name(DEAD_LETTERS)
        .setDescription("Dead letters: prompts that the head refused")
        .setParallelism(plan.replicas())
        .slotSharingGroup(slot(0));
    return fragments;
  }

  private static SingleOutputStreamOperator<Fragment> stage(
      DataStream<Fragment> fragments, int stage, PrefillPlan plan, StageOpener opener) {
    return fragments
        .forward()
        .transform(
            "Stage " + stage + ", " + plan.layers(stage),
            FragmentTypeInfo.INSTANCE,
            new StageOperatorFactory(plan.stage(stage), opener, plan.options().maxInFlight()))
        .uid("stage-" + stage)
        .setDescription("Stage " + stage + " computes " + plan.layersOfAll(stage))
        .setParallelism(plan.replicas())
        .slotSharingGroup(slot(stage));
  }

  private static void results(
      DataStream<Fragment> fragments, PrefillPlan plan, PrefillEdges edges) {
    SingleOutputStreamOperator<ResultRecord> results =
        fragments
            .forward()
            .process(new FirstTokenFunction(plan.firstToken()), ResultRecordSerializer.TYPE)
            .uid("first-token")
            .name("First token")
            .setDescription("First token: the largest logit, and the time that it took")
            .setParallelism(plan.replicas())
            .slotSharingGroup(slot(plan.stages() - 1));
    results
        .sinkTo(edges.results())
        .uid("results")
        .name("Results")
        .setDescription("Results: first tokens as records")
        .setParallelism(plan.replicas())
        .slotSharingGroup(io());
  }

  private static SlotSharingGroup io() {
    return IO.group("io");
  }

  private static SlotSharingGroup slot(int stage) {
    return STAGE.group("stage-" + stage);
  }
}
