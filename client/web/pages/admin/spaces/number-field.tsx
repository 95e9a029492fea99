import { NumberInput, type NumberInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { BOUNDS, type Bounded, isWithin, type Typed } from './draft.ts';

export interface NumberFieldProps extends Omit<NumberInputProps, 'name' | 'value' | 'onChange'> {
  name: Bounded;
  hint?: string;
  value: Typed;
  onChange(value: Typed): void;
}

/** A number, whose bounds are told. What is typed stays, and is never another number than it looks. */
export function NumberField({ name, hint, value, error, ...props }: NumberFieldProps) {
  const { t, i18n } = useTranslation();
  const [low, high] = BOUNDS[name].map(new Intl.NumberFormat(i18n.resolvedLanguage).format);
  return (
    <NumberInput
      description={[...(hint ? [hint] : []), t('admin.spaces.range', { low, high })].join(' ')}
      required
      allowNegative={false}
      allowDecimal={false}
      clampBehavior="none"
      thousandSeparator
      value={value}
      error={value === '' ? t('form.required') : isWithin(name, value) ? error : t('admin.spaces.notInRange')}
      {...props}
    />
  );
}
