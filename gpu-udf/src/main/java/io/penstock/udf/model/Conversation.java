package io.penstock.udf.model;

import java.util.List;
import java.util.Map;

/**
 * What a chat template makes a text of; values of JSON, as {@link JsonValues} gives them.
 *
 * @param messages in order; members by name
 * @param tools that the template may offer to the model; null for none
 * @param documents that the template may quote; null for none
 * @param addGenerationPrompt whether the text ends with what begins the assistant's answer
 * @param variables further ones of the template, by name
 */
public record Conversation(
    List<Map<String, Object>> messages,
    List<Object> tools,
    List<Object> documents,
    boolean addGenerationPrompt,
    Map<String, Object> variables) {}
