import { Input, Slider, TextInput, type TextInputProps } from '@mantine/core';
import { type KeyboardEvent, useId } from 'react';
import type { NumberKind } from './parameters.ts';
import { readNumber } from './read-text.ts';

interface NumberFieldProps extends TextInputProps {
  of: NumberKind;
  text: string;
  onText(text: string): void;
}

/** A number, as it is typed. Up and down go by a step. */
export function NumberField({ of: { whole, min, max, step }, text, onText, ...others }: NumberFieldProps) {
  function onKeyDown(event: KeyboardEvent): void {
    const by = { ArrowUp: step, ArrowDown: -step }[event.key];
    const read = readNumber(text);
    if (by === undefined || 'problem' in read) return;
    event.preventDefault();
    const sum = (read.value ?? 0) + by;
    const next = Number.isInteger(sum) ? sum : Number(sum.toPrecision(15));
    onText(`${Math.min(max ?? next, Math.max(min ?? next, next))}`);
  }
  return (
    <TextInput
      {...others}
      value={text}
      onChange={({ currentTarget }) => onText(currentTarget.value)}
      onKeyDown={onKeyDown}
      // Not every keyboard for numbers has a minus.
      inputMode={(min ?? -1) < 0 ? 'text' : whole ? 'numeric' : 'decimal'}
      autoComplete="off"
    />
  );
}

type SliderFieldProps = NumberFieldProps & { of: { min: number; max: number } };

/** A number within a range. */
export function SliderField({ of, label, description, error, withAsterisk, placeholder, ...others }: SliderFieldProps) {
  const id = useId();
  const read = readNumber(others.text);
  const value = 'value' in read ? read.value : undefined;
  return (
    <Input.Wrapper {...{ id, label, description, error, withAsterisk }}>
      <div className="slider-field">
        <Slider
          min={of.min}
          max={of.max}
          step={of.step}
          value={Math.min(of.max, Math.max(of.min, value ?? of.min))}
          onChange={(next) => others.onText(`${next}`)}
          label={null}
          thumbLabel={`${label}`}
          disabled={others.disabled ?? false}
          flex={1}
        />
        <NumberField {...others} of={of} id={id} error={Boolean(error)} size="xs" w={92} />
      </div>
    </Input.Wrapper>
  );
}
